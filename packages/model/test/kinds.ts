import type { SimVlmConfig } from '../src/index';

const vit = { kind: 'vit', patchSize: 4, width: 12, layers: 2, heads: 3, mlp: 20 };
const picture = { mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28] } as const;
const imagePositions = { added: false, relative: false };
const bert = { norm: 'after', epsilon: 1e-3, activation: 'gelu-erf' } as const;

/**
 * The models that differ from SimVLM in settings, small: changes to `tinyConfig`. Widths differ where they may, and epsilons are large enough to be
 * seen.
 */
export const kinds: Readonly<Record<'GIT' | 'BLIP' | 'BLIP VQA' | 'ViT-GPT2', Partial<SimVlmConfig>>> = {
  GIT: {
    architecture: 'decoder-only',
    patcher: {
      ...vit,
      ...{ epsilon: 1e-2, activation: 'quick-gelu', patchBias: false, normBefore: true },
      projection: 'linear-norm',
    },
    ...{ picture, imagePositions, block: bert, embeddingNorm: true },
    textPrefix: 'causal',
    head: { tied: false, bias: true },
  },
  BLIP: {
    encoder: { kind: 'none' },
    patcher: { ...vit, epsilon: 1e-2, activation: 'gelu-erf' },
    ...{ picture, imagePositions, block: bert, embeddingNorm: true },
    head: { bias: true, transform: true },
  },
  'BLIP VQA': {
    encoder: { kind: 'question', first: 17, last: 18 },
    patcher: { ...vit, epsilon: 1e-2, activation: 'gelu-erf' },
    ...{ picture, imagePositions, block: bert, embeddingNorm: true },
    head: { bias: true, transform: true },
  },
  'ViT-GPT2': {
    encoder: { kind: 'none' },
    patcher: { ...vit, epsilon: 1e-2, activation: 'gelu-erf', projection: 'linear' },
    imagePositions,
    block: { epsilon: 1e-3 },
    // What starts a text ends it, too.
    tokens: { pad: 0, bos: 3, eos: 3 },
  },
};
