import type { SimVlmConfig } from './config';

/** A configuration without what the tokenizer decides. */
export type Preset = Omit<SimVlmConfig, 'vocabSize' | 'tokens'>;

/** The ResNets whose first stages are a conv stage: bottlenecks a stage, and how much wider than the original all channels are. */
const resnets = {
  'resnet-101': { bottlenecks: [3, 4, 23, 3], widen: 1 },
  'resnet-152': { bottlenecks: [3, 8, 36, 3], widen: 1 },
  'resnet-152-wide': { bottlenecks: [3, 8, 36, 3], widen: 2 },
} as const;

export type ResNet = keyof typeof resnets;

/**
 * The conv stage of the paper (section 3.2) as a `patcher` of a configuration: the first `blocks` stages ("blocks" in the paper) of a
 * ResNet (He et al., 2016), stem and channels 256 · 2^i, strides 1, 2, 2, 2, in our reading. Of 224 pixels, 4 blocks make 7 × 7
 * tokens, 3 (the paper's choice) 14 × 14 and 2 make 28 × 28; 0 blocks are linear patches of 16 pixels, 14 × 14.
 */
export function convStage(resnet: ResNet, blocks: 0 | 2 | 3 | 4 = 3): Preset['patcher'] {
  const { bottlenecks, widen } = resnets[resnet];
  const stages = bottlenecks.slice(0, blocks).map((count, i) => ({
    blocks: count,
    channels: 256 * 2 ** i * widen,
    stride: i === 0 ? 1 : 2,
  }));
  return { kind: 'conv', stem: { kernel: 7, stride: 2, channels: 64 * widen, pool: true }, stages };
}

/**
 * What the demo trains: 32 × 32 pixels, 4 × 4 image tokens, at most 24 text tokens; 0.95 M parameters with 1,500 pieces.
 *
 * Decoder-only, unlike the paper's models: in the few minutes that a demo has, one stack finds the way from picture to words
 * sooner than two. After 1,000 steps of 64 rows the choice among 20 (val) is 42.9 % against 32.1 % with 3 + 3 encoder and decoder
 * layers.
 */
const emojiTiny: Preset = {
  architecture: 'decoder-only',
  imageSize: 32,
  width: 128,
  layers: 3,
  heads: 4,
  mlp: 512,
  maxTextLength: 24,
  patcher: {
    kind: 'conv',
    stem: { kernel: 3, stride: 2, channels: 32, pool: false },
    stages: [
      { blocks: 1, channels: 64, stride: 1 },
      { blocks: 1, channels: 128, stride: 2 },
      { blocks: 1, channels: 256, stride: 2 },
    ],
    groups: 8,
  },
};

/** The paper's encoder-decoder for those with more time: twice as wide, 4 + 4 layers. About 9 M parameters. */
const emojiSmall: Preset = {
  ...emojiTiny,
  architecture: 'encoder-decoder',
  width: 256,
  layers: 4,
  heads: 4,
  mlp: 1024,
  patcher: {
    kind: 'conv',
    stem: { kernel: 3, stride: 2, channels: 64, pool: false },
    stages: [
      { blocks: 1, channels: 128, stride: 1 },
      { blocks: 2, channels: 256, stride: 2 },
      { blocks: 2, channels: 512, stride: 2 },
    ],
    groups: 16,
  },
};

/** The bundled model, for what begins with its weights: as `emoji-tiny`, of 48 × 48 pixels, with 6 × 6 image tokens and a wider conv stage of seven blocks. */
const emojiBundled: Preset = {
  ...emojiTiny,
  imageSize: 48,
  patcher: {
    kind: 'conv',
    stem: { kernel: 3, stride: 2, channels: 72, pool: false },
    stages: [
      { blocks: 1, channels: 144, stride: 1 },
      { blocks: 3, channels: 288, stride: 2 },
      { blocks: 3, channels: 576, stride: 2 },
    ],
    groups: 24,
  },
};

/** SimVLM-Base (section 4.1 of the paper, our reading): ResNet-101 conv stage, 224 px, 14 × 14 tokens. */
const base: Preset = {
  architecture: 'encoder-decoder',
  imageSize: 224,
  width: 768,
  layers: 12,
  heads: 12,
  mlp: 3072,
  maxTextLength: 256,
  patcher: convStage('resnet-101'),
};

/** SimVLM-Large: ResNet-152 conv stage. */
const large: Preset = {
  ...base,
  width: 1024,
  layers: 24,
  heads: 16,
  mlp: 4096,
  patcher: convStage('resnet-152'),
};

/**
 * SimVLM-Huge: a wider ResNet-152 conv stage. Our reading (32 layers a side, width 1,280, twice the channels) has 1.69 B
 * parameters; other papers' tables say about 1.4 B. The layers alone have 1.47 B in our reading, whatever the conv stage: the real ones
 * must differ somewhere that is not published.
 */
const huge: Preset = {
  ...base,
  width: 1280,
  layers: 32,
  heads: 16,
  mlp: 5120,
  patcher: convStage('resnet-152-wide'),
};

/** Configurations by name. */
export const presets: Readonly<Record<string, Preset>> = {
  'emoji-tiny': emojiTiny,
  'emoji-small': emojiSmall,
  'emoji-bundled': emojiBundled,
  base,
  large,
  huge,
};
