import { type Learner, namePattern, parameterCount } from '@simvlm/core';
import { type ModelPart, type PassCost, passCost, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from '../../config/schema';

// biome-ignore lint/suspicious/noExplicitAny: a check passes batches through without knowing them
type AnyLearner = Learner<any, any, any>;

/** A batch that a task made, with what its rows cost. */
export interface BatchCost {
  readonly rows: number;
  /** What the device gets, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** A row passes through the model so often. */
  readonly passes: number;
  /** Of a row, in each pass: image tokens, and places of text in encoder and decoder, padding included. */
  readonly tokens: { readonly image: number; readonly text: number };
  /** Of a row: a forward pass, and a training step. Absent where nobody counts them: a patcher or a learner of a plug-in. */
  readonly flops?: { readonly forward: number; readonly step: number };
  /** Of a row: bytes that are kept for the backward pass. */
  readonly activations?: number;
}

export interface Parameters {
  readonly all: number;
  /** Those that training changes. */
  readonly trained: number;
}

/** Parameters that training changes: those of the learner that no pattern of `optimizer.freeze` names. */
export function trainedNames(
  { trainable }: AnyLearner,
  { freeze }: RunConfig['optimizer'],
): readonly string[] {
  const patterns = freeze.map(namePattern);
  return trainable.names().filter(name => !patterns.some(pattern => pattern.test(name)));
}

export function parametersOf(learner: AnyLearner, trained: readonly string[]): Parameters {
  const names = new Set(trained);
  return {
    all: parameterCount(learner.params),
    trained: parameterCount(learner.trainable.filter(name => names.has(name))),
  };
}

/** Bytes of a float32. */
const FLOAT = 4;

/** What the rows of a batch cost. */
export function batchCost(
  learner: AnyLearner,
  batch: unknown,
  {
    model,
    trained,
    checkpointBlocks,
  }: { model: SimVlmConfig; trained: readonly string[]; checkpointBlocks: boolean },
): BatchCost {
  const feeds = learner.feeds(batch, { padding: 'short' });
  const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape]));
  const rows = learner.rows(batch);
  const isKnown = learner.kind === 'prefix-lm' || HEADS[learner.kind] !== undefined;
  const passes = passesOf(shapes).map(shape => ({
    shape,
    cost: passCost(model, shape, learner.kind === 'prefix-lm'),
  }));
  const made = passes.map(({ cost }) => cost);
  const [first] = passes;
  const tokens = {
    image: first?.cost?.imageTokens ?? 0,
    text: first ? first.shape.prefix + first.shape.places : 0,
  };
  const known = { rows, shapes, passes: passes.length, tokens };
  if (!isKnown || !made.every(cost => cost !== undefined)) return known;
  const head = headFlops(learner);
  const sums = made.map(cost =>
    stepOf(cost, { trained, checkpointBlocks, hasAdapters: model.lora !== undefined }),
  );
  return {
    ...known,
    flops: {
      forward: sums.reduce((sum, { forward }) => sum + forward, head),
      step: sums.reduce((sum, { step }) => sum + step, 3 * head),
    },
    activations: FLOAT * sums.reduce((sum, { kept }) => sum + kept, 0),
  };
}

/** The passes of a row through the model: of a classifier they have numbers. */
function passesOf(shapes: BatchCost['shapes']) {
  const prefixes = Object.keys(shapes).flatMap(name => /^(\d+\.)?inputs$/.exec(name)?.[0] ?? []);
  return prefixes
    .map(name => name.slice(0, -'inputs'.length))
    .map(prefix => ({
      images: shapes[`${prefix}images`] !== undefined,
      prefix: shapes[`${prefix}prefixTokens`]?.[1] ?? 0,
      places: shapes[`${prefix}inputs`]![1]!,
    }));
}

/** The weight of the linear head that a learner has, by its kind; what a language model makes logits with belongs to its pass. */
const HEADS: Readonly<Record<string, string>> = { classifier: 'head.weight', probe: 'probe.weight' };

/** Operations of that head for a row: its one product. */
function headFlops({ kind, params }: AnyLearner): number {
  const name = HEADS[kind];
  if (name === undefined || !params.has(name)) return 0;
  const shape: readonly number[] = params.get(name).shape;
  return 2 * shape.reduce((product, extent) => product * extent, 1);
}

/** Where the parameters of a part lie; a gradient passes through a part when something in it or below it is trained. */
const PARTS: readonly (readonly [ModelPart, RegExp])[] = [
  ['patcher', /^(patcher|positions\.image)/],
  ['encoder', /^(encoder|embedding|positions\.text)/],
  ['decoder', /^decoder/],
  ['head', /^(head|embedding)/],
];

/**
 * A step of a row: each product is computed once forward, once for the gradient by what it reads where something below is trained, and once
 * for that by its weights where they are. So three times the forward pass where all is trained, and once more the blocks where they are not kept. Beside
 * adapters the weights have no gradients; what adapters cost is left out.
 */
function stepOf(
  cost: PassCost,
  {
    trained,
    checkpointBlocks,
    hasAdapters,
  }: { trained: readonly string[]; checkpointBlocks: boolean; hasAdapters: boolean },
) {
  let [forward, step, kept] = [0, 0, 0];
  let isBelow = false;
  for (const [part, pattern] of PARTS) {
    const { flops, kept: numbers } = cost.parts[part];
    const isTrained = trained.some(name => pattern.test(name));
    isBelow ||= isTrained;
    forward += flops;
    step += flops * (1 + (isBelow ? 1 : 0) + (isTrained && !hasAdapters ? 1 : 0));
    if (isBelow) kept += numbers;
  }
  // Blocks below everything that is trained are not kept in the first place.
  if (checkpointBlocks && kept > 0) {
    step += cost.blocks.flops;
    kept = Math.max(0, kept - cost.blocks.kept) + cost.blockInputs;
  }
  return { forward, step, kept };
}
