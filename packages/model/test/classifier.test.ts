import { readSafetensors } from '@simvlm/checkpoint';
import { type PrefixLmBatch, Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ClassifierHead, type ClassifierOptions, SimVlm, upload } from '../src/index';
import {
  architectures,
  backends,
  largestDifference,
  livelyModel,
  onlyRow,
  tinyBatch,
  tinyConfig,
  useBackend,
} from './tiny';

const questions = tinyBatch([{ text: [4, 5, 6, 7] }, { text: [8, 9] }, { text: [5] }]);
const labels = [2, 0, 1];

function livelyHead(model: SimVlm, options: ClassifierOptions = { classes: 3 }): ClassifierHead {
  const head = new ClassifierHead(model, { seed: 4, ...options });
  for (const [name, variable] of head.params) {
    const random = Random.fromSeed(3).fork(name);
    const values = Float32Array.from({ length: variable.size }, () => 0.5 * random.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return head;
}

const logitsOf = (...args: [ClassifierHead, ...Parameters<ClassifierHead['logits']>]) => {
  const [head, ...rest] = args;
  return tf.tidy(() => head.logits(...rest).dataSync<'float32'>());
};

/** The decoder's output at one place of a row, by the network alone. */
function hiddenAt(model: SimVlm, batch: PrefixLmBatch, row: number, place: number): number[] {
  return tf.tidy(() => {
    const hidden = model.network.hidden(upload(model.inputArrays(batch))).arraySync() as number[][][];
    return hidden[row]![place]!;
  });
}

function byHand(head: ClassifierHead, inputs: number[]): number[] {
  const [weight, bias] = [
    head.params.get('head.weight').arraySync(),
    head.params.get('head.bias').arraySync(),
  ];
  return (bias as number[]).map((start, c) =>
    inputs.reduce((sum, x, i) => sum + x * (weight as number[][])[i]![c]!, start),
  );
}

describe.each(backends)('a classifier on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(architectures)('%s: is a linear map of the output at the last token', architecture => {
    const model = livelyModel({ architecture });
    const head = livelyHead(model);
    const logits = logitsOf(head, questions);
    expect(logits.length).toBe(9);
    for (const [row, length] of [4, 2, 1].entries()) {
      // Place 0 reads the start token, place n the n-th token.
      const want = byHand(head, hiddenAt(model, questions, row, length));
      expect(largestDifference(logits.slice(3 * row, 3 * row + 3), want), `row ${row}`).toBeLessThan(1e-4);
    }
    head.dispose();
    model.dispose();
  });

  test.each(architectures)('%s: has the gradients of finite differences', architecture => {
    const model = livelyModel({ architecture, layers: 1 });
    const head = livelyHead(model);
    const { value, grads } = tf.variableGrads(
      () => head.loss(questions, labels, { labelSmoothing: 0.1 }),
      head.trainable.values(),
    );
    const lossNow = () => tf.tidy(() => head.loss(questions, labels, { labelSmoothing: 0.1 }).dataSync()[0]!);
    for (const name of ['head.weight', 'head.bias', 'patcher.out.weight', 'decoder.0.mlp.out.bias']) {
      const variable = head.trainable.get(name);
      const gradient = grads[variable.name]!.dataSync();
      // Along the gradient the slope is its norm.
      const norm = Math.hypot(...gradient);
      const start = variable.dataSync().slice();
      const moved = (step: number) => {
        const values = start.map((x, i) => x + (step * gradient[i]!) / norm);
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
        return lossNow();
      };
      const slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
      tf.tidy(() => variable.assign(tf.tensor(start, variable.shape)));
      expect(norm, name).toBeGreaterThan(1e-3);
      expect(Math.abs(slope / norm - 1), name).toBeLessThan(0.01);
    }
    tf.dispose([value, grads]);
    head.dispose();
    model.dispose();
  });
});

describe('a classifier', () => {
  beforeAll(() => useBackend('wasm'));

  test.each(architectures)('%s: takes the output at a chosen token', architecture => {
    const model = livelyModel({ architecture });
    const head = livelyHead(model);
    const logits = logitsOf(head, questions, { tokens: Int32Array.of(1, 1, 0) });
    const want = byHand(head, hiddenAt(model, questions, 0, 2));
    expect(largestDifference(logits.slice(0, 3), want)).toBeLessThan(1e-4);
    // The others have chosen their last.
    expect(logits.slice(3)).toEqual(logitsOf(head, questions).slice(3));
    head.dispose();
    model.dispose();
  });

  test.each(architectures)('%s: counts text tokens from the start, the prefix included', architecture => {
    const model = livelyModel({ architecture });
    const head = livelyHead(model);
    const prefixed = tinyBatch([
      { text: [4, 5, 6, 7], prefix: 2 },
      { text: [8, 9], prefix: 2 },
    ]);
    const logits = logitsOf(head, prefixed);
    const [first, second] = architecture === 'encoder-decoder' ? [2, 0] : [4, 2];
    expect(
      largestDifference(logits.slice(0, 3), byHand(head, hiddenAt(model, prefixed, 0, first))),
    ).toBeLessThan(1e-4);
    expect(
      largestDifference(logits.slice(3), byHand(head, hiddenAt(model, prefixed, 1, second))),
    ).toBeLessThan(1e-4);
    head.dispose();
    model.dispose();
  });

  test('gives a row the same alone and in any batch, and predicts the class of its largest logit', async () => {
    const model = livelyModel();
    const head = livelyHead(model);
    const logits = logitsOf(head, questions);
    for (let row = 0; row < 3; row++) {
      const alone = logitsOf(head, onlyRow(questions, row));
      expect(largestDifference(alone, logits.slice(3 * row, 3 * row + 3))).toBeLessThan(1e-4);
    }
    const best = [0, 1, 2].map(row => {
      const own = [...logits.slice(3 * row, 3 * row + 3)];
      return own.indexOf(Math.max(...own));
    });
    expect([...(await head.predict(questions))]).toEqual(best);
    const loss = tf.tidy(() => head.loss(questions, labels).dataSync()[0]!);
    const byRow = labels.map((label, row) => {
      const own = [...logits.slice(3 * row, 3 * row + 3)];
      return Math.log(own.reduce((sum, x) => sum + Math.exp(x), 0)) - own[label]!;
    });
    expect(loss).toBeCloseTo(byRow.reduce((sum, x) => sum + x) / 3, 4);
    head.dispose();
    model.dispose();
  });

  test('joins the outputs of two passes, in their order (NLVR2)', () => {
    const model = livelyModel();
    const head = livelyHead(model, { classes: 2, passes: 2 });
    const other = tinyBatch([{ text: [8, 9] }, { text: [4, 5, 6] }, { text: [7] }]);
    const logits = logitsOf(head, [questions, other]);
    const want = byHand(head, [...hiddenAt(model, questions, 0, 4), ...hiddenAt(model, other, 0, 2)]);
    expect(largestDifference(logits.slice(0, 2), want)).toBeLessThan(1e-4);
    expect(largestDifference(logitsOf(head, [other, questions]), logits)).toBeGreaterThan(1e-2);
    head.dispose();
    model.dispose();
  });

  test('drops in training alone, and repeats what it drops', () => {
    const model = livelyModel();
    const head = livelyHead(model);
    const loss = (seed?: number) =>
      tf.tidy(
        () =>
          head
            .loss(
              questions,
              labels,
              seed === undefined ? {} : { dropout: 0.3, random: Random.fromSeed(seed) },
            )
            .dataSync()[0]!,
      );
    expect(loss(1)).toBe(loss(1));
    expect(new Set([loss(), loss(1), loss(2)]).size).toBe(3);
    head.dispose();
    model.dispose();
  });

  test('is saved and loaded alone, refuses another, and frees what it takes', async () => {
    const model = livelyModel();
    const before = tf.memory().numTensors;
    const head = livelyHead(model);
    const file = await head.save();
    expect([...readSafetensors(file).tensors.keys()]).toEqual(['head.weight', 'head.bias']);
    const other = new ClassifierHead(model, { classes: 3 });
    expect(logitsOf(other, questions)).not.toEqual(logitsOf(head, questions));
    other.load(file);
    expect(logitsOf(other, questions)).toEqual(logitsOf(head, questions));
    const four = new ClassifierHead(model, { classes: 4 });
    expect(() => four.load(file)).toThrow('the file has {"classes":3,"passes":1}, this head is {"classes":4');
    expect(() => four.load(new Uint8Array(3))).toThrow('not a usable safetensors file');
    await head.predict(questions);
    for (const each of [head, other, four]) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('is trained with all that its model trains, or by itself', () => {
    const model = livelyModel({ lora: { rank: 2 } });
    const head = new ClassifierHead(model, { classes: 3 });
    expect(head.trainable.names()).toEqual([...model.trainable.names(), 'head.weight', 'head.bias']);
    expect(head.params.names()).toEqual(['head.weight', 'head.bias']);
    head.dispose();
    model.dispose();
  });

  test('is trained alone on a model of integers, and with the adapters of one that has some', () => {
    const weights = { bits: 8 } as const;
    const model = SimVlm.create(tinyConfig({ weights }));
    const head = new ClassifierHead(model, { classes: 3 });
    expect(head.trainable.names()).toEqual(['head.weight', 'head.bias']);
    const { value, grads } = tf.variableGrads(() => head.loss(questions, [2, 2, 1]), head.trainable.values());
    const gradient = grads[head.params.get('head.bias').name]!.dataSync();
    expect(Math.hypot(...gradient)).toBeGreaterThan(0.01);
    const adapted = SimVlm.create(tinyConfig({ weights, lora: { rank: 2 } }));
    const beside = new ClassifierHead(adapted, { classes: 3 });
    expect(beside.trainable.names()).toEqual([...adapted.trainable.names(), 'head.weight', 'head.bias']);
    tf.dispose([value, grads]);
    for (const each of [head, beside, model, adapted]) each.dispose();
  });

  test('refuses what does not fit', () => {
    const model = livelyModel();
    expect(() => new ClassifierHead(model, { classes: 1 })).toThrow('"classes" must be an integer from 2');
    expect(() => new ClassifierHead(model, {} as ClassifierOptions)).toThrow('"classes" is missing');
    expect(() => new ClassifierHead(model, { classes: 2, passes: 0 })).toThrow('"passes"');
    const head = new ClassifierHead(model, { classes: 3 });
    expect(() => head.loss(questions, [0, 1])).toThrow('3 rows need as many labels from 0 to 2, got 2');
    expect(() => head.loss(questions, [0, 1, 3])).toThrow('got 3, 3 among them');
    expect(() => head.logits([questions, questions])).toThrow(
      '1 batches of equally many rows are needed, got 3, 3',
    );
    expect(() => head.logits([])).toThrow('got none');
    expect(() => head.logits(questions, { tokens: Int32Array.of(0, 0) })).toThrow(
      '3 rows need as many tokens, got 2',
    );
    expect(() => head.logits(questions, { tokens: Int32Array.of(4, 0, 0) })).toThrow(
      'row 0 has text tokens 0 to 3 in the decoder, and not 4',
    );
    head.dispose();
    model.dispose();
  });
});
