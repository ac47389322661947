import type { SimVlmConfig } from '@simvlm/model';
import type { ConfigObject } from '../config/config-object';
import { unsupported } from '../invalid';
import { bertBlock, bertConfig, bertEmbeddings } from './bert';
import {
  beyond,
  type Family,
  layersOf,
  linearOf,
  type ModelDescription,
  normOf,
  partsOf,
  same,
  type TensorPlace,
  type TokenizerFacts,
  under,
} from './family';
import { classAndPositions, clipBlocks, PARAMETERS, patchesOf, visionConfig, visionOf } from './vision';

/** BLIP (Li et al., 2022) that captions: a decoder of BERT's blocks that looks at the tokens of a ViT. */
export const blip: Family = {
  name: 'BLIP',
  modelType: 'blip',
  architectures: ['BlipForConditionalGeneration'],
  imageProcessor: 'BlipImageProcessor',
  describe: (config, tokenizer) => ({ ...describe(config, tokenizer), encoder: { kind: 'none' } }),
  tensors: config => [...visionTensors(config), ...decoderTensors(config, visionOf(config).width)],
  skipped: [/\.position_ids$/],
  shared: [
    ['text_decoder.bert.embeddings.word_embeddings.weight', 'text_decoder.cls.predictions.decoder.weight'],
    ['text_decoder.cls.predictions.bias', 'text_decoder.cls.predictions.decoder.bias'],
  ],
  resized: (config, imageSize) => ({
    ...config,
    vision_config: { ...(config.vision_config as object), image_size: imageSize },
  }),
};

/** BLIP that answers: the question goes through an encoder that looks at the image, and the decoder looks at the question alone. */
export const blipVqa: Family = {
  ...blip,
  name: 'BLIP VQA',
  architectures: ['BlipForQuestionAnswering'],
  describe(config, tokenizer) {
    const model = describe(config, tokenizer);
    if (model.patcher.width !== model.width)
      throw unsupported(
        `${config.where}: the image encoder is ${model.patcher.width} wide and the text ${model.width}; a BLIP that answers has one width for both`,
      );
    const { bos, eos } = tokenizer.special;
    return { ...model, encoder: { kind: 'question', first: bos, last: eos } };
  },
  tensors: config => [
    ...visionTensors(config),
    ...under('encoder', 'text_encoder.embeddings', bertEmbeddings(config)),
    ...layersOf(
      config.layers,
      'encoder',
      'text_encoder.encoder.layer',
      bertBlock(config, visionOf(config).width),
    ),
    ...decoderTensors(config, config.width),
  ],
};

function describe(config: ConfigObject, tokenizer: TokenizerFacts): ModelDescription {
  const [text, vision] = [config.object('text_config'), config.object('vision_config')];
  const bert = bertConfig(text, { heads: 8, layers: 12, vocabulary: 30_524, positions: 512 });
  return {
    architecture: 'encoder-decoder',
    imageSize: vision.integer('image_size', 384),
    ...bert,
    tokens: {
      pad: text.integer('pad_token_id', 0, 0),
      bos: text.integer('bos_token_id', 30_522, 0),
      // Its "eos_token_id" is never used.
      eos: text.integer('sep_token_id', 102, 0),
      ...beyond(bert.vocabSize, tokenizer.vocabSize),
    },
    patcher: { kind: 'vit', ...visionConfig(vision, 'gelu', 1e-5) },
    imagePositions: { added: false, relative: false },
    head: { tied: true, bias: true, transform: true },
  };
}

function visionTensors(config: SimVlmConfig): TensorPlace[] {
  const vision = visionOf(config);
  const V = vision.width;
  const attention = [
    ...partsOf(['self.query', 'self.key', 'self.value'], 'self_attn.qkv', V, V),
    ...linearOf('self.out', 'self_attn.projection', V, V),
  ];
  return under('patcher', 'vision_model', [
    ...under('', 'embeddings', [
      patchesOf('patch_embedding.weight', vision),
      same('patch.bias', 'patch_embedding.bias', [V]),
      ...classAndPositions('class_embedding', 'position_embedding', vision, PARAMETERS),
    ]),
    ...clipBlocks(vision, attention),
    ...normOf('norm_after', 'post_layernorm', V),
  ]);
}

/** @param memory width of what the decoder looks at */
function decoderTensors(config: SimVlmConfig, memory: number): TensorPlace[] {
  const { width: D, layers, vocabSize } = config;
  return [
    ...under('', 'text_decoder.bert.embeddings', bertEmbeddings(config)),
    ...layersOf(layers, 'decoder', 'text_decoder.bert.encoder.layer', bertBlock(config, memory)),
    ...under('head', 'text_decoder.cls.predictions', [
      ...linearOf('transform', 'transform.dense', D, D),
      ...normOf('norm', 'transform.LayerNorm', D),
      same('bias', 'bias', [vocabSize]),
    ]),
  ];
}
