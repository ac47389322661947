/**
 * The parts of a training step of the demo's model (60 pictures and 4 documents) on every backend present: making the batch,
 * forward, backward, optimiser. Forward and backward are told apart by running the loss alone as well.
 */
import { Random } from '@simvlm/core';
import { createBatchSource, datasetSource, exampleStream, mixturePrefix } from '@simvlm/data';
import { prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { prefixLmLearner, presets, SimVlm } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import { trainUnigram } from '@simvlm/tokenizer';
import { AdamW, lossAndGradients, resolveTrainConfig } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { type BenchResult, type BenchRow, median, timeRow } from './lib/table';

/** Measured steps by backend; plain JavaScript takes seconds for each. */
const STEPS: Record<string, { warmUp: number; measured: number }> = {
  cpu: { warmUp: 0, measured: 1 },
  default: { warmUp: 5, measured: 20 },
};
const PARTS = ['data', 'forward', 'backward', 'optimiser'] as const;

export async function run(): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const { candidates, name } = await pickBackend();
  const present = [name, 'cpu', ...candidates.filter(each => each.available).map(each => each.name)];
  const details: string[] = [];
  for (const backend of new Set(present)) {
    const { detail } = await pickBackend({ prefer: backend });
    details.push(`${backend}: ${detail}`);
    const times = await measure(STEPS[backend] ?? STEPS.default!);
    for (const part of PARTS) rows.push(timeRow(`${backend}: ${part}`, median(times[part])));
  }
  return { versions: { '@tensorflow/tfjs-core': tf.version_core }, rows, notes: details };
}

async function measure({ warmUp, measured }: { warmUp: number; measured: number }) {
  const { batches, model } = await setUp();
  const learner = prefixLmLearner(model);
  const optimizer = new AdamW(model.params, resolveTrainConfig({ learningRate: 1e-3, steps: 100 }));
  const times: Record<(typeof PARTS)[number], number[]> = {
    data: [],
    forward: [],
    backward: [],
    optimiser: [],
  };
  for (let step = 0; step < warmUp + measured; step++) {
    const start = performance.now();
    const parts = await batches.next();
    const made = performance.now();
    const alone = model.loss(parts);
    await alone.data();
    alone.dispose();
    const forward = performance.now();
    const { loss, gradients } = lossAndGradients(learner, [parts]);
    await loss.data();
    loss.dispose();
    const both = performance.now();
    await optimizer.apply(gradients, 1e-3);
    tf.dispose(gradients.values());
    const end = performance.now();
    if (step < warmUp) continue;
    times.data.push(made - start);
    times.forward.push(forward - made);
    times.backward.push(both - forward - (forward - made));
    times.optimiser.push(end - both);
  }
  optimizer.dispose();
  model.dispose();
  return times;
}

async function setUp() {
  const emoji = await prepareEmojiDataset();
  const tokenizer = await trainUnigram(emoji.captionTexts(), { vocabSize: 1500 });
  const { pad, bos, eos } = tokenizer.special;
  const preset = presets['emoji-tiny']!;
  const model = SimVlm.create({ ...preset, vocabSize: tokenizer.vocabSize, tokens: { pad, bos, eos } });
  const random = Random.fromSeed(0);
  const pairs = exampleStream({
    source: datasetSource(emoji.train, { weight: emoji.trainWeight }),
    random: random.fork('pairs'),
    pictures: {
      transform: { size: preset.imageSize, augment: 'drawing' },
    },
  });
  const documents = exampleStream({
    source: datasetSource(emoji.documents),
    random: random.fork('documents'),
  });
  const batches = createBatchSource({
    imageText: { stream: pairs, batchSize: 60, lengthGroups: 2 },
    textOnly: { stream: documents, batchSize: 4 },
    tokenizer,
    maxTextLength: preset.maxTextLength,
    prefix: mixturePrefix(0.75),
  });
  return { batches, model };
}
