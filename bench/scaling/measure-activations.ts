/**
 * Bytes of activations that training a row takes, counted on the native backend in bfloat16: the CPU keeps the same tensors as a GPU.
 *
 * They are most when the forward pass is over. Large models do not fit here, but their bytes follow from smaller ones: those of the
 * Transformer stacks are linear in the layers, and those of the conv stage, which come on top, in the pixels.
 */
import type { PrefixLmBatch } from '@simvlm/core';
import { presets, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { gradientsOf } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../lib/backend';
import { progress } from '../lib/progress';
import { batchOf, specialTokens, wholeTexts } from '../lib/simvlm-problem';
import type { Activations, ModelName, RowKind } from './figures';

/** Layers a side of the stacks that are measured; a third number checks the line through the first two. */
const LAYERS = [1, 2] as const;
const CHECKED_LAYERS = 4;
/** Side of the picture that the conv stage is measured on, in pixels. */
const SIDE = 64;
/** Relative; what the line must predict the third within. */
const TOLERANCE = 0.01;

type Tokens = Readonly<Record<RowKind, number>>;
type ByKind = Record<RowKind, Activations>;

/** Of one model, by kind of row, and what they were counted with. Takes a few minutes. */
export async function measureActivations(
  name: ModelName,
  tokens: Tokens,
): Promise<{ bytes: ByKind; versions: Readonly<Record<string, string>> }> {
  const { versions } = await useBackend({
    backend: 'native',
    device: 'cpu',
    threads: 2,
    precision: 'bfloat16',
  });
  progress(`${name}: stacks`);
  const [few, more] = LAYERS.map(layers => stacks(name, layers, tokens));
  // Once is enough: the models differ in extents alone.
  if (name === 'base') checkLine(few!, more!, stacks(name, CHECKED_LAYERS, tokens));
  progress(`${name}: conv stage`);
  const conv = convBytes(name);
  const { layers } = presets[name]!;
  const of = (kind: RowKind, ofConv: number): Activations => {
    // One layer of a side at a time is computed again; one of both is the most that can be.
    const layer = more![kind].kept - few![kind].kept;
    return {
      kept: at(few![kind].kept, more![kind].kept, layers) + ofConv,
      checkpointed: at(few![kind].checkpointed, more![kind].checkpointed, layers) + layer + ofConv,
    };
  };
  return { versions, bytes: { pair: of('pair', conv), document: of('document', 0) } };
}

/** What a number that is linear in the layers is for so many. */
function at(few: number, more: number, layers: number): number {
  const [first, second] = LAYERS;
  return Math.round(few + ((more - few) * (layers - first)) / (second - first));
}

function checkLine(few: ByKind, more: ByKind, third: ByKind): void {
  for (const kind of ['pair', 'document'] as const)
    for (const way of ['kept', 'checkpointed'] as const) {
      const [is, line] = [third[kind][way], at(few[kind][way], more[kind][way], CHECKED_LAYERS)];
      if (Math.abs(is - line) > TOLERANCE * line)
        throw new Error(`bytes are not linear in the layers: ${kind}, ${way}: ${is}, the line says ${line}`);
    }
}

/** Of all but the conv stage: linear patches, whose bytes are those of the image tokens, take its place. */
function stacks(name: ModelName, layers: number, tokens: Tokens): ByKind {
  const config = { ...modelConfig(name, layers), patcher: { kind: 'linear', patchSize: 16 } } as SimVlmConfig;
  const model = SimVlm.create(config, { init: 'zeros' });
  try {
    const perRow = (kind: RowKind, checkpointBlocks: boolean) => {
      const [two, three] = [2, 3].map(rows =>
        keptBytes(model, batch(kind, config, rows, tokens[kind]), checkpointBlocks),
      );
      return three! - two!;
    };
    const of = (kind: RowKind) => ({ kept: perRow(kind, false), checkpointed: perRow(kind, true) });
    return { pair: of('pair'), document: of('document') };
  } finally {
    model.dispose();
  }
}

/** What the conv stage adds to linear patches, for a whole picture. */
function convBytes(name: ModelName): number {
  const small = { ...modelConfig(name, 1), imageSize: SIDE, vocabSize: 1000 } as SimVlmConfig;
  const linear = { ...small, patcher: { kind: 'linear', patchSize: 16 } } as SimVlmConfig;
  const [conv, patches] = [small, linear].map(config => {
    const model = SimVlm.create(config, { init: 'zeros' });
    try {
      const [one, two] = [1, 2].map(rows => keptBytes(model, batch('pair', config, rows, 1), false));
      return two! - one!;
    } finally {
      model.dispose();
    }
  });
  return Math.round((conv! - patches!) * (presets[name]!.imageSize / SIDE) ** 2);
}

function modelConfig(name: ModelName, layers: number): SimVlmConfig {
  return { ...presets[name]!, layers, vocabSize: 32_000, tokens: specialTokens };
}

/** The longest prefix and the longest rest of a large batch are nearly whole texts, and all rows are padded to them. */
function batch(kind: RowKind, config: SimVlmConfig, rows: number, length: number): PrefixLmBatch {
  const { images, tokens } = batchOf({ config: { ...config, maxTextLength: length }, rows }, 0);
  const prefixLengths = Int32Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? length - 1 : 0));
  return { ...wholeTexts(tokens, rows), prefixLengths, ...(kind === 'pair' && images && { images }) };
}

/** Bytes that are there when the forward pass is over: the model, and what the backward pass would read. */
function keptBytes(model: SimVlm, batch: PrefixLmBatch, checkpointBlocks: boolean): number {
  const over = new Error('the forward pass is over');
  let kept = 0;
  try {
    gradientsOf(() => {
      model.loss(batch, { checkpointBlocks });
      // What ATen holds; tfjs counts four bytes a number, also of bfloat16.
      kept = (tf.memory() as unknown as { bytes: number }).bytes;
      throw over;
    }, model.trainable);
  } catch (error) {
    if (error !== over) throw error;
  }
  return kept;
}
