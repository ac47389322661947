/** Mistakes that other open implementations of this kind of model have made, each with the test that would find it here. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { generate } from '../src/generate/generate';
import { startSession } from '../src/generate/session';
import { layout, type ModelCore, SimVlm } from '../src/index';
import { inputArrays, upload } from '../src/input';
import {
  architectures,
  firstPredicted,
  largestDifference,
  livelyModel,
  lossAndGradients,
  realLogits,
  tinyBatch,
  tinyConfig,
  useBackend,
} from './tiny';

beforeAll(() => useBackend('cpu'));

describe.each(architectures)('%s', architecture => {
  test('mistake: a mask value so small that the mask does nothing', () => {
    const model = livelyModel({ architecture });
    // Scores of millions: a mask that adds −10,000 to them hides nothing.
    for (const [name, variable] of model.params)
      if (/\.(query|key)\.weight$/.test(name)) tf.tidy(() => variable.assign(tf.mul(variable, 2000)));
    const [a, b] = [17, 18].map(last =>
      realLogits(model, tinyBatch([{ text: [5, 6, 7, last], prefix: 1 }, { text: [9, 8, 7, 6, 5, 4] }])),
    );
    const hidden = 3 - firstPredicted(model, tinyBatch([{ text: [5, 6, 7, 8], prefix: 1 }]), 0);
    for (let place = 0; place <= hidden; place++) expect(a![0]![place]).toEqual(b![0]![place]);
    expect(largestDifference(a![0]![hidden + 1]!, b![0]![hidden + 1]!)).toBeGreaterThan(0);
    model.dispose();
  });

  test('mistake: the loss is computed on hidden states, so that the output layer never trains', () => {
    const model = SimVlm.create(tinyConfig({ architecture }), { seed: 3 });
    const { loss, gradients } = lossAndGradients(model, tinyBatch([{ text: [5, 6] }]));
    // Hidden states have 16 features: taken for logits, a fresh model would lose about ln 16, or something else altogether.
    expect(Math.abs(loss - Math.log(20))).toBeLessThan(0.1);
    // Token 19 is never read: what reaches its row of the table comes from the output layer.
    const row = gradients.get('embedding.weight').slice(19 * 16, 20 * 16);
    expect(Math.max(...row.map(Math.abs))).toBeGreaterThan(1e-4);
    model.dispose();
  });

  test('mistake: padding is counted in the loss', () => {
    const model = livelyModel({ architecture });
    const row = { text: [5, 6, 7], prefix: 1 };
    const [tight, padded] = [tinyBatch([row]), tinyBatch([row], { length: 10 })];
    expect(model.lossTokens(padded)).toBe(3);
    expect(lossAndGradients(model, padded).loss).toBe(lossAndGradients(model, tight).loss);
    model.dispose();
  });

  test('mistake: the end token is also padding or an ignored label, so that the model never learns to stop', async () => {
    const { tokens } = tinyConfig();
    expect(() => SimVlm.create(tinyConfig({ architecture, tokens: { ...tokens, pad: tokens.eos } }))).toThrow(
      /pad and eos/,
    );
    const batch = tinyBatch([{ text: [5, 6, 7] }, { text: [8], prefix: 1 }]);
    const plan = layout(batch, tinyConfig({ architecture }));
    for (const b of [0, 1]) {
      const last = b * plan.length + plan.lengths[b]! - 1;
      expect([plan.targets[last], plan.weights[last]]).toEqual([tokens.eos, 1]);
    }
    await useBackend('wasm');
    const model = SimVlm.create(tinyConfig({ architecture }), { seed: 1 });
    const optimizer = tf.train.adam(0.02);
    for (let step = 0; step < 50; step++)
      optimizer.minimize(() => model.loss(batch), false, model.params.values());
    const images = batch.images!.pixels.slice(0, 192);
    expect(await model.generate({ images })).toMatchObject([
      { tokens: Int32Array.of(5, 6, 7), finished: true },
    ]);
    optimizer.dispose();
    model.dispose();
    await useBackend('cpu');
  });

  test('mistake: one layer norm is shared by all sublayers', () => {
    const model = livelyModel({ architecture });
    const cross = architecture === 'encoder-decoder';
    const expected = [0, 1].flatMap(i => [
      ...(cross ? [`encoder.${i}.self.norm`, `encoder.${i}.mlp.norm`] : []),
      ...[`decoder.${i}.self.norm`, ...(cross ? [`decoder.${i}.cross.norm`] : []), `decoder.${i}.mlp.norm`],
    ]);
    const norms = [...(cross ? ['encoder.norm'] : []), ...expected, 'decoder.norm'];
    const { gradients } = lossAndGradients(model, tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }]));
    for (const part of ['gamma', 'beta']) {
      const names = norms.map(norm => `${norm}.${part}`);
      expect(
        gradients
          .names()
          .filter(name => name.endsWith(`norm.${part}`))
          .sort(),
      ).toEqual([...names].sort());
      const each = names.map(name => gradients.get(name).join());
      expect(new Set(each).size).toBe(names.length);
      for (const name of names)
        expect(Math.max(...gradients.get(name).map(Math.abs)), name).toBeGreaterThan(0);
    }
    model.dispose();
  });

  test('mistake: the decoder has no positions while it trains', () => {
    // In a single layer the last place sees a set: without positions the order of what precedes it could not matter.
    const model = livelyModel({ architecture, layers: 1 });
    const [a, b] = [
      [5, 6, 7, 8],
      [6, 5, 7, 8],
    ].map(text => realLogits(model, tinyBatch([{ text }]))[0]!.at(-1)!);
    expect(largestDifference(a!, b!)).toBeGreaterThan(1e-3);
    const gradient = lossAndGradients(model, tinyBatch([{ text: [5, 6, 7] }])).gradients.get(
      'positions.text',
    );
    const touched = Array.from({ length: 10 }, (_, t) =>
      gradient.slice(16 * t, 16 * t + 16).some(g => g !== 0),
    );
    expect(touched).toEqual([true, true, true, true, false, false, false, false, false, false]);
    model.dispose();
  });

  test('mistake: the text prefix has no positions, or those of another place', () => {
    const model = livelyModel({ architecture, layers: 1 });
    const [a, b] = [
      [5, 6, 7],
      [6, 5, 7],
    ].map(text => realLogits(model, tinyBatch([{ text, prefix: 2 }]))[0]!.at(-1)!);
    expect(largestDifference(a!, b!)).toBeGreaterThan(1e-3);
    const { positions, length } = layout(tinyBatch([{ text: [5, 6, 7, 8, 9], prefix: 2 }]), model.config);
    const start = architecture === 'encoder-decoder' ? 2 : 0;
    expect([...positions.slice(0, 4)]).toEqual([start, start + 1, start + 2, start + 3]);
    expect(positions.length).toBe(length);
    model.dispose();
  });

  test('mistake: no causal mask while decoding, so that cached steps differ from the full forward pass', () => {
    const model = livelyModel({ architecture });
    const batch = tinyBatch([
      { text: [5, 6, 7, 8, 9, 10], prefix: 2 },
      { text: [11, 12, 13, 14, 15, 16], prefix: 0 },
      { text: [4, 4, 9, 9, 4, 4], prefix: 5 },
    ]);
    const full = realLogits(model, batch);
    const prefixes = { ...batch, textLengths: batch.prefixLengths.map(n => n + 1) };
    const session = startSession(model, prefixes, {
      ...{ maxLength: 10, copies: 1, reorders: false },
      reduce: logits => ({ logits }),
    });
    let { logits } = session.first();
    for (let step = 0; step < 7; step++) {
      const values = logits!.dataSync() as Float32Array;
      const chosen = [];
      for (let b = 0; b < 3; b++) {
        const t = batch.prefixLengths[b]! + step;
        const expected = full[b]![t - firstPredicted(model, batch, b)];
        if (expected)
          expect(largestDifference(values.slice(20 * b, 20 * b + 20), expected)).toBeLessThan(1e-4);
        chosen.push(t < 7 ? batch.tokens[b * batch.length + t]! : 0);
      }
      ({ logits } = session.next(chosen));
    }
    session.dispose();
    model.dispose();
  });
});

test('mistake: the mask of the memory is inverted', () => {
  const model = livelyModel();
  const batch = tinyBatch([
    { text: [5, 6, 7], prefix: 1 },
    { text: [8, 9, 10, 11, 12], prefix: 4 },
  ]);
  const plan = layout(batch, model.config);
  const first = (prefixTokens: readonly number[]) =>
    tf.tidy(() => {
      const prefix = { length: 4, tokens: Int32Array.from(prefixTokens) };
      const hidden = model.network.hidden(upload(inputArrays({ ...plan, prefix }, batch))).dataSync();
      return hidden.slice(0, plan.lengths[0]! * 16);
    });
  const before = first([5, 0, 0, 0, 8, 9, 10, 11]);
  expect(first([5, 17, 18, 19, 8, 9, 10, 11])).toEqual(before);
  expect(largestDifference(first([6, 0, 0, 0, 8, 9, 10, 11]), before)).toBeGreaterThan(0);
  model.dispose();
});

test('mistake: greedy decoding stops when the first row of a batch stops, or when any does', async () => {
  const texts = [[3], [5, 6, 7, 3], [8, 3], [9, 9, 9, 9, 9, 9, 9, 9, 9, 9]];
  const generated = await generate(scripted(texts), { images: new Uint8Array(4 * 192) });
  expect(generated.map(({ tokens, finished }) => [[...tokens], finished])).toEqual([
    [[], true],
    [[5, 6, 7], true],
    [[8], true],
    [[9, 9, 9, 9, 9, 9, 9, 9, 9, 9], false],
  ]);
});

/** A model that says what is written: row b gives `texts[b]`. */
function scripted(texts: readonly (readonly number[])[]): ModelCore {
  const never = () => {
    throw new Error('not asked for');
  };
  const config = { ...tinyConfig(), layers: 0 };
  return {
    config,
    network: {
      depth: 0,
      imageTokens: 4,
      grid: { height: 2, width: 2 },
      hidden: never,
      decode: never,
      imageWidth: 0,
      imageStates: never,
      prefill: never,
      extend: never,
      encode: () => ({ layers: [], lengths: tf.tensor1d([4, 4, 4, 4], 'int32') }),
      logits: never,
      step({ textPositions }) {
        const at = textPositions.dataSync();
        const next = texts.map((text, b) => text[at[b]!] ?? 0);
        return tf.cast(tf.oneHot(tf.tensor1d(next, 'int32'), config.vocabSize), 'float32');
      },
    },
  };
}
