/** The models and batches on which the library and the PyTorch reference are compared: small, and every branch taken. */
import { type PrefixLmBatch, Random } from '@simvlm/core';
import type { SimVlmConfig } from '@simvlm/model';

const shape = {
  imageSize: 32,
  width: 32,
  layers: 2,
  heads: 4,
  mlp: 64,
  vocabSize: 61,
  maxTextLength: 12,
  tokens: { pad: 0, bos: 1, eos: 2 },
} as const;

/** The paper's stem and strides: 7×7 stride 2, max-pool, 1-2-1 bottlenecks; 2 × 2 tokens. */
const paperConv = {
  kind: 'conv',
  stem: { kernel: 7, stride: 2, channels: 16, pool: true },
  stages: [
    { blocks: 1, channels: 64, stride: 1 },
    { blocks: 2, channels: 128, stride: 2 },
    { blocks: 1, channels: 256, stride: 2 },
  ],
};
/** The small stem, and channels that 32 groups do not divide; 4 × 4 tokens. */
const smallConv = {
  kind: 'conv',
  stem: { kernel: 3, stride: 2, channels: 24, pool: false },
  stages: [
    { blocks: 1, channels: 24, stride: 2 },
    { blocks: 2, channels: 48, stride: 2 },
  ],
  groups: 16,
};
const linear = { kind: 'linear', patchSize: 8 };
const architectures = ['encoder-decoder', 'decoder-only'] as const;

export const cases: { readonly name: string; readonly config: SimVlmConfig }[] = architectures.flatMap(
  architecture =>
    Object.entries({ paperConv, smallConv, linear }).map(([patcher, options]) => ({
      name: `${architecture}-${patcher}`,
      config: { ...shape, architecture, patcher: options },
    })),
);

/** Rows of one kind with texts and prefixes of many lengths, the extremes among them. */
export function mixedBatch(config: SimVlmConfig, kind: 'images' | 'text' | 'bare-text'): PrefixLmBatch {
  const random = Random.fromSeed(5).fork(kind);
  const length = config.maxTextLength - 1;
  const rows: readonly [text: number, prefix: number][] = [
    [length, 0],
    [1, 0],
    [length, length - 1],
    [7, 3],
    [6, 5],
  ];
  const size = rows.length;
  const tokens = new Int32Array(size * length).fill(config.tokens.pad);
  for (const [row, [text]] of rows.entries()) {
    for (let t = 0; t < text - 1; t++) tokens[row * length + t] = 3 + random.integer(config.vocabSize - 3);
    tokens[row * length + text - 1] = config.tokens.eos;
  }
  const side = config.imageSize;
  const pixels = Uint8Array.from({ length: size * side * side * 3 }, () => random.integer(256));
  return {
    size,
    length,
    tokens,
    textLengths: Int32Array.from(rows, ([text]) => text),
    prefixLengths: Int32Array.from(rows, ([, prefix]) => (kind === 'bare-text' ? 0 : prefix)),
    ids: rows.map((_, row) => `${row}`),
    ...(kind === 'images' && { images: { side, pixels } }),
  };
}
