import type { ConvPatcherOptions, VitOptions } from '@simvlm/vision-patcher';
import type { SimVlmConfig } from '../config';
import { selfBlockCost } from './block-cost';
import { type Cost, keeping, linear, sum, times } from './cost';

/** What a patcher gives, and what it costs a picture; `blocks` is the part that `checkpointBlocks` computes again. */
export interface PatcherCost {
  /** N */
  readonly tokens: number;
  /** W */
  readonly width: number;
  readonly cost: Cost;
  readonly blocks: Cost;
}

type Sizes = Pick<SimVlmConfig, 'imageSize' | 'width'>;

/** What a picture costs; undefined for a patcher of a plug-in, whose inside nobody here knows. */
export function patcherCost({ patcher, ...sizes }: SimVlmConfig): PatcherCost | undefined {
  const { kind, ...options } = patcher as { kind: string; [option: string]: unknown };
  if (kind === 'linear') return linearCost(options as { patchSize?: number }, sizes);
  if (kind === 'conv') return convCost(options as unknown as Partial<ConvPatcherOptions>, sizes);
  if (kind === 'vit') return vitCost(options as unknown as VitOptions, sizes);
  return undefined;
}

function linearCost({ patchSize = 16 }: { patchSize?: number | undefined }, { imageSize, width }: Sizes) {
  const tokens = (imageSize / patchSize) ** 2;
  const inputs = 3 * patchSize ** 2;
  const cost = sum(keeping(tokens * inputs), linear(tokens, inputs, width));
  return { tokens, width, cost, blocks: keeping(0) };
}

/** A convolution without bias and the norm behind it: what each gives is kept. */
function normed(side: number, kernel: number, from: number, to: number): Cost {
  const places = side ** 2;
  return { flops: 2 * places * kernel ** 2 * from * to, kept: 2 * places * to };
}

function convCost(
  {
    stem = { kernel: 7, stride: 2, channels: 64, pool: true },
    stages = [],
    patchSize,
  }: Partial<ConvPatcherOptions>,
  sizes: Sizes,
): PatcherCost {
  if (stages.length === 0) return linearCost({ patchSize }, sizes);
  const { imageSize, width } = sizes;
  let side = Math.ceil(imageSize / stem.stride);
  let from = stem.channels;
  const parts = [keeping(3 * imageSize ** 2), normed(side, stem.kernel, 3, from)];
  if (stem.pool) {
    side = Math.ceil(side / 2);
    parts.push(keeping(side ** 2 * from));
  }
  for (const { blocks, channels, stride } of stages)
    for (let block = 0; block < blocks; block++) {
      const made = bottleneckCost(side, from, channels, block === 0 ? stride : 1);
      parts.push(made.cost);
      [side, from] = [made.side, channels];
    }
  const tokens = side ** 2;
  return { tokens, width, cost: sum(...parts, linear(tokens, from, width)), blocks: keeping(0) };
}

function bottleneckCost(before: number, from: number, to: number, stride: number) {
  const middle = Math.max(1, Math.floor(to / 4));
  const side = Math.ceil(before / stride);
  const shortcut = from === to && stride === 1 ? keeping(0) : normed(side, 1, from, to);
  const cost = sum(
    normed(before, 1, from, middle),
    normed(side, 3, middle, middle),
    normed(side, 1, middle, to),
    shortcut,
    // The sum of branch and shortcut, and its ReLU.
    keeping(2 * side ** 2 * to),
  );
  return { side, cost };
}

function vitCost(options: VitOptions, { imageSize, width: modelWidth }: Sizes): PatcherCost {
  const { patchSize, width, layers, mlp, projection = 'none' } = options;
  const patches = (imageSize / patchSize) ** 2;
  const tokens = 1 + patches;
  const inputs = 3 * patchSize ** 2;
  const blocks = times(layers, selfBlockCost(tokens, { width, mlp }));
  const project = projection === 'none' ? [] : [keeping(tokens * width), linear(tokens, width, modelWidth)];
  return {
    tokens,
    width: projection === 'none' ? width : modelWidth,
    cost: sum(keeping(patches * inputs), linear(patches, inputs, width), blocks, ...project),
    blocks,
  };
}
