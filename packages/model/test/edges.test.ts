import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layout, type SimVlm } from '../src/index';
import { logSoftmax } from './slow-generation';
import { architectures, livelyModel, onlyRow, realLogits, tinyBatch, useBackend } from './tiny';

/** Tokens of a text at most, the end token included; see tinyConfig. */
const MOST = 10;
const EOS = 3;
/** As many pieces as there may be before the end token. */
const longest = Array.from({ length: MOST - 1 }, (_, i) => 5 + i);

beforeAll(() => useBackend('wasm'));

describe.each(architectures)('%s', architecture => {
  let model: SimVlm;
  beforeAll(() => {
    model = livelyModel({ architecture });
  });
  afterAll(() => model.dispose());

  const numbers = (tensor: tf.Tensor) => {
    const values = [...tensor.dataSync()];
    tensor.dispose();
    return values;
  };

  describe.each([true, false])('images: %s', images => {
    test('a text at the maximum length has a prediction behind each prefix that leaves a token', async () => {
      const prefixes = Array.from({ length: MOST }, (_, prefix) => prefix);
      const batch = tinyBatch(
        prefixes.map(prefix => ({ text: longest, prefix })),
        { images },
      );
      expect([...batch.textLengths]).toEqual(prefixes.map(() => MOST));
      expect(model.lossTokens(batch)).toBe(prefixes.reduce((sum, prefix) => sum + MOST - prefix, 0));
      const scores = await model.score(batch);
      for (const row of prefixes) {
        // A batch of one.
        const alone = onlyRow(batch, row);
        const [score] = await model.score(alone);
        expect(Number.isFinite(score), `prefix ${row}`).toBe(true);
        expect(scores[row], `prefix ${row}`).toBeCloseTo(score!, 4);
        const [loss] = numbers(model.loss(alone));
        expect(loss! * (MOST - row), `prefix ${row}`).toBeCloseTo(-score!, 4);
      }
    });

    test('a prefix that leaves one token: the loss is on the end token alone', () => {
      for (const text of [longest, [5, 6], []]) {
        const batch = tinyBatch([{ text, prefix: text.length }], { images });
        expect(model.lossTokens(batch)).toBe(1);
        const logits = realLogits(model, batch)[0]!.at(-1)!;
        const [loss] = numbers(model.loss(batch));
        expect(loss).toBeCloseTo(-logSoftmax(logits)[EOS]!, 5);
      }
    });

    test('a prefix without text tokens is the image alone, or nothing', () => {
      const plan = layout(tinyBatch([{ text: [5, 6] }], { images }), model.config);
      expect([...plan.prefixLengths]).toEqual([0]);
      // The encoder has a shape without image and text, too: places of padding that nobody sees.
      expect(plan.prefix.length > 0).toBe(architecture === 'encoder-decoder' && !images);
      expect(plan.lossTokens).toBe(3);
    });
  });

  test('a text without a prefix, behind no image, is the same whatever the padding of the encoder says', () => {
    const rows = [{ text: [5, 6, 7] }, { text: [8, 9, 10], prefix: 2 }];
    const beside = realLogits(model, tinyBatch(rows, { images: false }))[0]!;
    const alone = realLogits(model, tinyBatch(rows.slice(0, 1), { images: false }))[0]!;
    for (const [place, logits] of alone.entries())
      for (const [v, logit] of logits.entries()) expect(beside[place]![v]).toBeCloseTo(logit, 4);
  });

  const two = tinyBatch([{ text: [5, 6, 7] }, { text: [8], prefix: 1 }]);
  const pixels = two.images!.pixels;
  test.each<[string, PrefixLmBatch, string]>([
    [
      'no rows',
      {
        ...two,
        ...{ size: 0, tokens: new Int32Array(0), ids: [] },
        ...{ textLengths: new Int32Array(0), prefixLengths: new Int32Array(0) },
      },
      'batch: it has no rows',
    ],
    [
      'a text that is too long',
      tinyBatch([{ text: [5] }, { text: [...longest, 5] }]),
      'batch row 1: 11 text tokens; allowed are 1 to 10',
    ],
    [
      'a text longer than its batch',
      { ...two, textLengths: Int32Array.of(4, 5) },
      'batch row 1: 5 text tokens; allowed are 1 to 4',
    ],
    [
      'a text without an end token',
      { ...two, textLengths: Int32Array.of(4, 0) },
      'batch row 1: 0 text tokens; allowed are 1 to 4',
    ],
    [
      'a prefix that leaves nothing',
      { ...two, prefixLengths: Int32Array.of(4, 1) },
      'batch row 0: a prefix of 4 leaves nothing of 4 text tokens to predict',
    ],
    [
      'a negative prefix',
      { ...two, prefixLengths: Int32Array.of(0, -1) },
      'batch row 1: a prefix of -1 leaves nothing of 2 text tokens to predict',
    ],
    [
      'too few lengths',
      { ...two, textLengths: Int32Array.of(4) },
      'batch: 2 rows of 4 tokens need 8 tokens and 2 lengths, got 8, 2 and 1',
    ],
    [
      'an image missing',
      { ...two, images: { side: 8, pixels: pixels.subarray(192) } },
      'batch: images must be [2, 8, 8, 3], got side 8 and 192 numbers',
    ],
    [
      'an image that is no bytes',
      { ...two, images: { side: 8, pixels: Float32Array.from(pixels) as unknown as Uint8Array } },
      'batch: images must be bytes, 0 to 255, in a Uint8Array; got Float32Array',
    ],
    [
      'images of another size',
      { ...two, images: { side: 4, pixels: pixels.subarray(0, 96) } },
      'batch: images must be [2, 8, 8, 3], got side 4 and 96 numbers',
    ],
    [
      'a token that does not exist',
      { ...two, tokens: Int32Array.of(5, 6, 7, 3, 8, 20, 0, 0) },
      'batch: token id 20 is outside the vocabulary of 20',
    ],
  ])('%s is refused by name and size, whatever is asked of it', async (_, batch, message) => {
    const before = tf.memory().numTensors;
    for (const ask of [() => model.loss(batch), () => model.logits(batch), () => model.lossTokens(batch)])
      expect(ask).toThrow(new ShapeError(message));
    await expect(model.score(batch)).rejects.toThrow(new ShapeError(message));
    expect(() => model.loss([two, batch])).toThrow(new ShapeError(message));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('candidates at the maximum length are scored; longer or empty ones are refused', async () => {
    const image = pixels.slice(0, 192);
    const full = Int32Array.of(...longest, EOS);
    const batch = tinyBatch([{ text: longest }]);
    const [[score]] = (await model.scoreCandidates({ images: image }, [[full, Int32Array.of(EOS)]])) as [
      number[],
    ];
    expect(score).toBeCloseTo((await model.score(batch))[0]!, 4);
    const refused = async (candidate: Int32Array, message: string) =>
      expect(model.scoreCandidates({ images: image }, [[full, candidate]])).rejects.toThrow(
        new ShapeError(message),
      );
    await refused(Int32Array.of(...longest, 5, EOS), 'batch row 1: 11 text tokens; allowed are 1 to 10');
    await refused(Int32Array.of(), 'batch row 1: 0 text tokens; allowed are 1 to 10');
    await expect(model.scoreCandidates({ images: [...image] as never }, [[full]])).rejects.toThrow(
      'scoreCandidates: images must be bytes, 0 to 255, in a Uint8Array; got Array',
    );
    await expect(model.scoreCandidates({ images: pixels }, [[full]])).rejects.toThrow(
      'scoreCandidates: 1 lists of candidates need images [1, 8, 8, 3], got 384 numbers',
    );
  });
});
