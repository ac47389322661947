/** What a training takes, from measured pieces and a cluster's figures. Bytes, seconds and operations throughout. */
import { modelParameters, presets, type SimVlmConfig } from '@simvlm/model';
import { rowFlops } from '../lib/flops';
import { specialTokens } from '../lib/simvlm-problem';
import type { Activations, Cluster, Measured, ModelName, Recipe, RowKind } from './figures';

const KINDS = ['pair', 'document'] as const;

/**
 * Bytes of a parameter in training: the weight (4), its bfloat16 copy (2), AdamW's two moments (8), and gradients twice (8): those added up
 * over micro-batches, and those of the last one or those on their way between processes.
 */
const BYTES = { weights: 4, copies: 2, moments: 8, gradients: 8 } as const;
/** Bytes of a parameter that AdamW reads and writes: gradient, weight and moments read, weight and moments written. */
const OPTIMIZER_TRAFFIC = 4 + 2 * (4 + 8);
/** What CUDA, its libraries and fragmentation take of a GPU's memory. */
const USABLE = 0.9;
/** Rows at once from which on a GPU is kept busy, so that nothing is recomputed for the sake of more. */
const ENOUGH_ROWS = 32;

export interface ModelCost {
  readonly name: ModelName;
  readonly parameters: number;
  /** Of the largest one: a process keeps the moments of whole ones. */
  readonly largest: number;
  /** Of a forward pass, by kind of row. */
  readonly forward: Readonly<Record<RowKind, number>>;
  /** Of the model in a step of all rows: forward and backward. */
  readonly step: number;
  /** What `checkpointBlocks` computes once more in it. */
  readonly recomputed: number;
  /** Weights and moments. */
  readonly checkpoint: number;
}

export interface Plan {
  readonly gpus: number;
  /** Of a GPU, without activations; `sharded`: with the moments shared out over all processes. */
  readonly fixed: { readonly whole: number; readonly sharded: number };
  readonly isSharded: boolean;
  readonly checkpointBlocks: boolean;
  /** Pairs at once on a GPU, with the documents that go with them; 0 where the model does not fit. */
  readonly pairsAtOnce: number;
  /** Micro-batches whose gradients make a step. */
  readonly accumulate: number;
  /** Bytes that a GPU sends and receives for gradients, in bfloat16, and for weights where moments are sharded. */
  readonly exchanged: number;
  readonly compute: number;
  readonly exchange: number;
  /** Both, one after the other: the most it takes. */
  readonly step: number;
  /** Of all steps, for the GPUs alone. */
  readonly days: number;
  /** Pictures a second that such steps need. */
  readonly pictures: number;
  /** Cores that read them. */
  readonly cores: number;
  /** Of picture files. */
  readonly readBandwidth: number;
  /** Of all steps, where one core a GPU reads the rows of its process. */
  readonly daysOneCore: number;
}

function configOf(name: ModelName): SimVlmConfig {
  return { ...presets[name]!, vocabSize: 32_000, tokens: specialTokens };
}

export function modelCost(name: ModelName, { rows, tokens }: Recipe): ModelCost {
  const config = configOf(name);
  const parts = (kind: RowKind) =>
    rowFlops(config, { image: kind === 'pair', prefixTokens: tokens[kind], textTokens: tokens[kind] });
  const sizes = modelParameters(config)
    .values()
    .map(({ shape }) => shape.reduce((product, extent) => product * extent, 1));
  const parameters = sizes.reduce((all, size) => all + size, 0);
  const sum = (of: (kind: RowKind) => number) => KINDS.reduce((all, kind) => all + rows[kind] * of(kind), 0);
  return {
    name,
    parameters,
    largest: Math.max(...sizes),
    forward: { pair: parts('pair').total, document: parts('document').total },
    step: 3 * sum(kind => parts(kind).total),
    recomputed: sum(kind => parts(kind).encoder + parts(kind).decoder),
    checkpoint: parameters * (BYTES.weights + BYTES.moments),
  };
}

export function plan(
  cost: ModelCost,
  gpus: number,
  { recipe, cluster, measured }: { recipe: Recipe; cluster: Cluster; measured: Measured },
): Plan {
  const { parameters } = cost;
  const most = Math.max(parameters / gpus, cost.largest);
  const whole = parameters * (BYTES.weights + BYTES.copies + BYTES.moments + BYTES.gradients);
  const sharded = whole - (parameters - most) * BYTES.moments;
  const room = (fixed: number) => USABLE * cluster.memory - fixed;
  const perPair = (way: keyof Activations) =>
    KINDS.reduce(
      (sum, kind) =>
        sum + (recipe.rows[kind] / recipe.rows.pair) * measured.activations[cost.name][kind][way],
      0,
    );
  const share = Math.ceil(recipe.rows.pair / gpus);
  const atOnce = (fixed: number, way: keyof Activations) =>
    Math.max(0, Math.min(share, Math.floor(room(fixed) / perPair(way))));
  const enough = Math.min(ENOUGH_ROWS, share);
  // The simplest that keeps the GPU busy: nothing recomputed, nothing sharded.
  const ways = [
    { isSharded: false, checkpointBlocks: false },
    ...(gpus > 1 ? [{ isSharded: true, checkpointBlocks: false }] : []),
    { isSharded: false, checkpointBlocks: true },
    ...(gpus > 1 ? [{ isSharded: true, checkpointBlocks: true }] : []),
  ].map(way => ({
    ...way,
    pairsAtOnce: atOnce(way.isSharded ? sharded : whole, way.checkpointBlocks ? 'checkpointed' : 'kept'),
  }));
  const way = ways.find(({ pairsAtOnce }) => pairsAtOnce >= enough) ?? ways.at(-1)!;

  const flops = cost.step + (way.checkpointBlocks ? cost.recomputed : 0);
  const owned = way.isSharded ? most : parameters;
  const compute =
    flops / gpus / (cluster.flops * cluster.utilisation) +
    (owned * OPTIMIZER_TRAFFIC) / cluster.memoryBandwidth;
  // A ring sends all but one share of the sums, twice; and the owners' weights, once.
  const ring = (gpus - 1) / gpus;
  const exchanged = ring * parameters * (2 * 2 + (way.isSharded ? BYTES.weights : 0));
  const exchange =
    exchanged / (gpus <= cluster.gpusPerNode ? cluster.linkBandwidth : cluster.networkBandwidth);
  const step = compute + exchange;
  const pictures = recipe.rows.pair / step;
  const { picturesPerSecond, cores, bytesOfPicture } = measured.data;
  const days = (seconds: number) => (recipe.steps * seconds) / 86_400;
  return {
    gpus,
    fixed: { whole, sharded },
    ...way,
    accumulate: way.pairsAtOnce === 0 ? 0 : Math.ceil(share / way.pairsAtOnce),
    exchanged,
    compute,
    exchange,
    step,
    days: days(step),
    pictures,
    cores: (pictures / picturesPerSecond) * cores,
    readBandwidth: pictures * bytesOfPicture,
    daysOneCore: days(Math.max(step, (recipe.rows.pair / gpus / picturesPerSecond) * cores)),
  };
}
