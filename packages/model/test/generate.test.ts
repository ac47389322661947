import { type Patcher, Registry } from '@simvlm/core';
import { visionPlugin } from '@simvlm/vision-patcher';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { defaultRegistry, SimVlm } from '../src/index';
import { logSoftmax, slowGreedy } from './slow-generation';
import {
  architectures,
  firstPredicted,
  livelyModel,
  realLogits,
  talkativeModel,
  tinyBatch,
  tinyConfig,
  useBackend,
} from './tiny';

beforeAll(() => useBackend('cpu'));

const pixels = tinyBatch([{ text: [] }, { text: [] }, { text: [] }]).images!.pixels;
const image = (b: number) => pixels.slice(192 * b, 192 * b + 192);
const prompts = [Int32Array.of(), Int32Array.of(5, 6, 7), Int32Array.of(9)];

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

describe.each(architectures)('%s', architecture => {
  const talkative = (seed: number) => talkativeModel({ architecture }, seed);

  test('cached greedy decoding gives the tokens, and the probability, of decoding without a cache', async () => {
    const lengths = new Set<number>();
    for (const seed of [1, 2, 3]) {
      const model = talkative(seed);
      const generated = await model.generate({ images: pixels, prompts, maxLength: 6 });
      for (const [b, { tokens, logProb, tokenLogProbs, finished }] of generated.entries()) {
        const expected = slowGreedy(model, { prompt: [...prompts[b]!], pixels: image(b) }, { limit: 6 });
        expect([...tokens]).toEqual(expected.tokens);
        expect(finished).toBe(expected.finished);
        expect(tokenLogProbs.length).toBe(expected.logProbs.length);
        for (const [i, value] of expected.logProbs.entries()) expect(tokenLogProbs[i]).toBeCloseTo(value, 4);
        expect(logProb).toBeCloseTo(sum(expected.logProbs), 4);
        lengths.add(tokens.length);
      }
      model.dispose();
    }
    expect(lengths.size, 'texts of several lengths, or this test shows little').toBeGreaterThan(1);
  });

  test('a batch gives what its rows give one at a time, up to the full length of each', async () => {
    for (const seed of [1, 2]) {
      const model = talkative(seed);
      const together = await model.generate({ images: pixels, prompts });
      for (let b = 0; b < 3; b++) {
        const [alone] = await model.generate({ images: image(b), prompts: [prompts[b]!] });
        expect(together[b]!.tokens).toEqual(alone!.tokens);
        expect(together[b]!.finished).toBe(alone!.finished);
        expect(together[b]!.logProb).toBeCloseTo(alone!.logProb, 4);
      }
      model.dispose();
    }
  });

  test('text alone is continued from its prompts', async () => {
    const model = talkative(1);
    const [first, second] = await model.generate({
      prompts: [Int32Array.of(5, 6), Int32Array.of(7)],
      maxLength: 3,
    });
    const [alone] = await model.generate({ prompts: [Int32Array.of(7)], maxLength: 3 });
    expect(second!.tokens).toEqual(alone!.tokens);
    expect(first!.tokens.length).toBeLessThanOrEqual(3);
    model.dispose();
  });

  test('a text that does not end is cut where the model can read no further', async () => {
    const model = livelyModel({ architecture });
    // An end token that is never likely.
    tf.tidy(() => {
      const last = model.params.get('decoder.norm.beta');
      last.assign(tf.tensor(Float32Array.from({ length: 16 }, (_, i) => (i === 0 ? 50 : 0))));
      const table = model.params.get('embedding.weight');
      const values = table.dataSync().map((value, i) => (i % 16 === 0 ? (i === 48 ? -1 : 1) : value));
      table.assign(tf.tensor(values, table.shape));
    });
    const full = Int32Array.of(5, 5, 5, 5, 5, 5, 5, 5, 5);
    const generated = await model.generate({
      images: pixels,
      prompts: [Int32Array.of(), full, Int32Array.of(4)],
    });
    expect(generated.map(({ tokens, finished }) => [tokens.length, finished])).toEqual([
      [10, false],
      [1, false],
      [9, false],
    ]);
    const short = await model.generate({ images: pixels, maxLength: 2 });
    expect(short.map(({ tokens }) => tokens.length)).toEqual([2, 2, 2]);
    model.dispose();
  });

  test('requests that do not fit are refused in one line', async () => {
    const model = livelyModel({ architecture });
    const refused = async (request: Parameters<SimVlm['generate']>[0], message: RegExp) => {
      const error = await model.generate(request).catch(e => e);
      expect(error).toMatchObject({ code: 'SHAPE_MISMATCH', message: expect.stringMatching(message) });
    };
    await refused({}, /give images, prompts or both/);
    await refused({ images: new Float32Array(192) as never }, /in a Uint8Array; got Float32Array/);
    await refused({ images: new Uint8Array(191) }, /\[B, 8, 8, 3\], got 191/);
    await refused({ images: pixels, prompts: [prompts[0]!] }, /3 images need as many prompts, got 1/);
    await refused({ prompts: [new Int32Array(10).fill(5)] }, /leaves no room/);
    await refused({ prompts: [Int32Array.of(5)], maxLength: 10 }, /maxLength must be 1 to 9/);
    await refused({ prompts: [Int32Array.of(5)], maxLength: 0 }, /maxLength must be 1 to 9/);
    await refused({ prompts: [Int32Array.of(20)] }, /token id 20/);
    model.dispose();
  });

  test('sampling depends on the seed alone', async () => {
    const model = livelyModel({ architecture });
    const sample = async (seed: number) => {
      const generated = await model.generate({
        images: pixels,
        sampler: { kind: 'top-p', p: 1, temperature: 3, seed },
      });
      return generated.map(({ tokens }) => [...tokens]);
    };
    expect(await sample(1)).toEqual(await sample(1));
    expect(await sample(1)).not.toEqual(await sample(2));
    const narrow = await model.generate({ images: pixels, sampler: { kind: 'top-p', p: 1e-9, seed: 1 } });
    const greedy = await model.generate({ images: pixels });
    expect(narrow.map(({ tokens }) => tokens)).toEqual(greedy.map(({ tokens }) => tokens));
    for (const [row, { logProb }] of narrow.entries()) expect(logProb).toBeCloseTo(greedy[row]!.logProb, 5);
    model.dispose();
  });

  test('score is the sum of the log-softmax of the logits over the tokens behind the prefix', async () => {
    const model = livelyModel({ architecture });
    const rows = [{ text: [5, 6, 7], prefix: 2 }, { text: [8] }, { text: [9, 10, 11, 12, 13] }];
    const batch = tinyBatch(rows);
    const logits = realLogits(model, batch);
    const expected = rows.map(({ text, prefix = 0 }, b) => {
      const first = firstPredicted(model, batch, b);
      return [...text, 3].reduce(
        (sum, token, t) => (t < prefix ? sum : sum + logSoftmax(logits[b]![t - first]!)[token]!),
        0,
      );
    });
    const scores = await model.score(batch);
    for (const [b, value] of expected.entries()) expect(scores[b]).toBeCloseTo(value, 4);
    model.dispose();
  });

  test('the score of each candidate is that of the image with this text', async () => {
    const model = livelyModel({ architecture });
    const candidates = [
      [
        [5, 3],
        [6, 7, 8, 3],
      ],
      [],
      [[3], [9, 3], [10, 11, 3]],
    ];
    const scores = await model.scoreCandidates(
      { images: pixels },
      candidates.map(list => list.map(caption => Int32Array.from(caption))),
    );
    expect(scores.map(list => list.length)).toEqual([2, 0, 3]);
    for (const [b, list] of candidates.entries())
      for (const [i, caption] of list.entries()) {
        const batch = {
          ...tinyBatch([{ text: caption.slice(0, -1) }]),
          images: { side: 8, pixels: image(b) },
        };
        expect(scores[b]![i]).toBeCloseTo((await model.score(batch))[0]!, 4);
      }
    model.dispose();
  });

  test('an image is read once, however many tokens follow and however many candidates it has', async () => {
    let patched: number[] = [];
    const registry = new Registry().use(visionPlugin);
    registry.register('patcher', 'counting', (options, context) => {
      const inner = defaultRegistry().get('patcher', 'linear')(options, context) as Patcher<tf.Tensor>;
      return {
        grid: inner.grid,
        patch: (images: tf.Tensor) => {
          patched.push(images.shape[0]!);
          return inner.patch(images);
        },
      };
    });
    const config = tinyConfig({ architecture, patcher: { kind: 'counting', patchSize: 4 } });
    const model = SimVlm.create(config, { registry });
    await model.generate({ images: pixels, maxLength: 5 });
    expect(patched).toEqual([3]);
    patched = [];
    const list = [Int32Array.of(5, 3), Int32Array.of(6, 3)];
    await model.scoreCandidates({ images: pixels }, [list, list, list]);
    expect(patched).toEqual([3]);
    model.dispose();
  });
});
