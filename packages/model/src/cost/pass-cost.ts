import type { SimVlmConfig } from '../config';
import { crossBlockCost, selfBlockCost } from './block-cost';
import { type Cost, keeping, linear, nothing, sum, times } from './cost';
import { type PatcherCost, patcherCost } from './patcher-cost';

/** How long the rows of a batch are, padding included: the shapes of its `ModelInput`. */
export interface PassShape {
  /** Whether rows have a picture. */
  readonly images: boolean;
  /** P: text in the encoder. */
  readonly prefix: number;
  /** L: places of the decoder. */
  readonly places: number;
}

/** The parts of a model, in the order in which a pass goes through them. */
export type ModelPart = 'patcher' | 'encoder' | 'decoder' | 'head';

/** What a forward pass costs a row, part by part. */
export interface PassCost {
  /** N, 0 where rows have no picture. */
  readonly imageTokens: number;
  readonly parts: Readonly<Record<ModelPart, Cost>>;
  /** The part of it that `checkpointBlocks` computes again instead of keeping it. */
  readonly blocks: Cost;
  /** What it keeps of those blocks: what they read. */
  readonly blockInputs: number;
}

/**
 * Operations and memory of a forward pass of `SimVlm.hidden`, and of the logits, counted from the configuration: matrix products and
 * convolutions. Norms, activations and softmax are left out (about 1 % of the operations), and so are adapters.
 *
 * @param logits whether logits of words are made of every place, as the language model's loss does
 * @returns undefined for the patcher of a plug-in
 */
export function passCost(config: SimVlmConfig, shape: PassShape, logits: boolean): PassCost | undefined {
  const patcher = patcherCost(config);
  if (!patcher) return undefined;
  const { width, vocabSize, head = {} } = config;
  const { places: L } = shape;
  const words = sum(
    ...(head.transform ? [linear(L, width, width), keeping(2 * L * width)] : []),
    linear(L, width, vocabSize),
  );
  const stacks = config.architecture === 'decoder-only' ? oneStack : twoStacks;
  const made = stacks(config, shape, patcher);
  const tail = keeping(2 * L * width);
  return {
    imageTokens: shape.images ? patcher.tokens : 0,
    parts: {
      patcher: shape.images ? patcher.cost : nothing,
      encoder: made.encoder,
      decoder: made.decoder,
      head: logits ? sum(tail, words) : tail,
    },
    blocks: sum(made.encoder, made.decoder, shape.images ? patcher.blocks : nothing),
    blockInputs: made.inputs,
  };
}

interface Stacks {
  readonly encoder: Cost;
  readonly decoder: Cost;
  readonly inputs: number;
}

function oneStack(config: SimVlmConfig, { images, places: L }: PassShape, { tokens }: PatcherCost): Stacks {
  const { width, layers } = config;
  const T = L + (images ? tokens : 0);
  return {
    encoder: nothing,
    decoder: sum(times(layers - 1, selfBlockCost(T, config)), selfBlockCost(T, config, L)),
    inputs: layers * T * width,
  };
}

function twoStacks(config: SimVlmConfig, shape: PassShape, patcher: PatcherCost): Stacks {
  const { width, layers, encoder } = config;
  const { images, prefix: P, places: L } = shape;
  const N = images ? patcher.tokens : 0;
  const image = { places: N, width: patcher.width };
  const kind = encoder?.kind ?? 'joint';
  const memory = { joint: { places: N + P, width }, none: image, question: { places: P, width } }[kind];
  const read = {
    joint: times(layers, selfBlockCost(N + P, config)),
    none: nothing,
    question: times(layers, crossBlockCost(P, image, config)),
  }[kind];
  const encoded = { joint: N + P, none: 0, question: P }[kind];
  return {
    encoder: read,
    decoder: times(layers, crossBlockCost(L, memory, config)),
    // A decoder's block reads keys and values of the memory too.
    inputs: layers * (encoded + L + 2 * memory.places) * width,
  };
}
