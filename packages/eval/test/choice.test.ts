import { DataError, ImageError, Random } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { expect, test } from 'vitest';
import { type ChoiceOptions, captionChoice, derangement, normalizeCaption } from '../src/index';
import { caption, letters, pairs, picture, standIn } from './fixture';

const COUNT = 200;
const dataset = arrayDataset(pairs(COUNT));
/** Reads the picture: likes its caption best. */
const perfect = standIn({ score: (index, text) => (text === caption(index) ? -1 : -5) });
const random = Random.fromSeed(4);
/** Does not look at anything. */
const blind = standIn({ score: () => -random.uniform() });
const run = (model = perfect, options: ChoiceOptions = {}) => captionChoice(model, letters, dataset, options);

test('who knows every caption gets 1', async () => {
  const { metrics, predictions } = await run();
  expect(metrics).toEqual({
    accuracy: 1,
    accuracyPerToken: 1,
    chance: expect.closeTo(0.05, 12),
    ties: 0,
    count: COUNT,
  });
  expect(predictions.map(({ id, text }) => [id, text])).toEqual(
    pairs(COUNT).map(({ id, text }) => [id, text]),
  );
});

test.each([2, 5, 20])('who guesses among %i gets about 1 / N', async choices => {
  const { metrics } = await run(blind, { choices });
  const deviation = Math.sqrt(((1 / choices) * (1 - 1 / choices)) / COUNT);
  expect(metrics.chance).toBeCloseTo(1 / choices, 12);
  expect(Math.abs(metrics.accuracy! - 1 / choices)).toBeLessThan(4 * deviation);
});

test('who gives every caption the same score chooses nothing: a tie is no hit, and is counted', async () => {
  const { metrics, predictions } = await run(standIn({}));
  expect(metrics).toMatchObject({ accuracy: 0, accuracyPerToken: 0, ties: COUNT });
  expect(predictions.every(({ tied, text, truth }) => tied && text !== truth)).toBe(true);
});

test('the place of the truth gives nothing away', async () => {
  const { predictions } = await run();
  const places = new Set(predictions.map(({ truth, candidates }) => candidates.indexOf(truth)));
  expect(places.size).toBeGreaterThan(15);
});

test('candidates are N different captions of the pool, the truth exactly once among them', async () => {
  const { predictions } = await run(perfect, { choices: 7 });
  const pool = new Set(pairs(COUNT).map(({ text }) => text));
  for (const { truth, candidates, scores } of predictions) {
    expect([candidates.length, scores.length, new Set(candidates.map(normalizeCaption)).size]).toEqual([
      7, 7, 7,
    ]);
    expect(candidates.filter(text => text === truth)).toEqual([truth]);
    expect(candidates.every(text => pool.has(text))).toBe(true);
  }
});

test('captions that are the same but for case count once', async () => {
  const doubled = arrayDataset([
    ...pairs(6),
    ...pairs(6).map(pair => ({ ...pair, id: `${pair.id}b`, text: ` ${pair.text.toUpperCase()}` })),
  ]);
  const upper = { ...letters, encode: (text: string) => letters.encode(text.toLowerCase()) };
  const { predictions } = await captionChoice(perfect, upper, doubled, { choices: 6 });
  for (const { truth, candidates } of predictions) {
    expect(new Set(candidates.map(normalizeCaption)).size).toBe(6);
    expect(candidates).toContain(truth);
  }
  await expect(captionChoice(perfect, upper, doubled, { choices: 7 })).rejects.toThrow('there are 6');
});

test('the seed decides the draw, and an example keeps its candidates whatever else is evaluated', async () => {
  const drawn = async (options: ChoiceOptions) =>
    (await run(perfect, options)).predictions.map(p => p.candidates);
  const first = await drawn({ seed: 1, batchSize: 16 });
  expect(await drawn({ seed: 1, batchSize: 7 })).toEqual(first);
  expect(await drawn({ seed: 1, limit: 20 })).toEqual(first.slice(0, 20));
  expect(await drawn({ seed: 2 })).not.toEqual(first);
  const pool = pairs(COUNT).map(({ text }) => text);
  const backwards = arrayDataset([...pairs(COUNT)].reverse().slice(0, 30));
  const { predictions } = await captionChoice(perfect, letters, backwards, { seed: 1, pool });
  expect(predictions.map(({ candidates }) => candidates)).toEqual([...first].reverse().slice(0, 30));
});

test('the others come from the pool when one is given', async () => {
  const pool = Array.from({ length: 30 }, (_, i) => caption(300 + i));
  const { predictions } = await run(perfect, { pool, choices: 4, limit: 10 });
  for (const { truth, candidates } of predictions)
    expect(candidates.every(text => text === truth || pool.includes(text))).toBe(true);
});

test('given candidates are used as they are; without the truth the example is named', async () => {
  const given = new Map([
    ['pair-0', [caption(5), caption(0)]],
    ['pair-1', [caption(1), caption(2), caption(3), caption(4)]],
  ]);
  const { predictions, metrics } = await run(perfect, { candidates: given, limit: 2 });
  expect(predictions.map(({ candidates }) => candidates)).toEqual([...given.values()]);
  expect(metrics.chance).toBeCloseTo((1 / 2 + 1 / 4) / 2, 12);
  given.set('pair-1', [caption(2), caption(3)]);
  await expect(run(perfect, { candidates: given, limit: 2 })).rejects.toThrow(
    'the candidates of "pair-1" lack its caption',
  );
  await expect(run(perfect, { candidates: given, limit: 2 })).rejects.toBeInstanceOf(DataError);
  given.delete('pair-1');
  await expect(run(perfect, { candidates: given, limit: 2 })).rejects.toThrow(
    'the candidates of "pair-1" are missing',
  );
});

test('too few captions to choose among, and a choice among one, are refused', async () => {
  const few = captionChoice(perfect, letters, arrayDataset(pairs(19)));
  await expect(few).rejects.toThrow('a choice among 20 needs as many different captions, there are 19');
  await expect(few).rejects.toBeInstanceOf(DataError);
  await expect(run(perfect, { choices: 1 })).rejects.toThrow('choices must be 2 or more, got 1');
});

test('the sum of log probabilities decides; the mean over tokens is reported beside it', async () => {
  // Each token costs 1 nat and each wrong caption 0.9 more: the short wrong one has the better sum, the long right one the better mean.
  const long = arrayDataset([{ id: 'long', text: 'abcdef', image: picture(0) }]);
  const model = standIn({ score: (_, text) => -(text.length + 1) - (text === 'abcdef' ? 0 : 0.9) });
  const { metrics, predictions } = await captionChoice(model, letters, long, {
    candidates: new Map([['long', ['ab', 'abcdef']]]),
  });
  expect(metrics).toMatchObject({ accuracy: 0, accuracyPerToken: 1 });
  expect(predictions[0]!.scores).toEqual([-3.9, -7]);
});

test('candidates that are equal up to the length the model reads tie, and those that do not fit are reported', async () => {
  // The model reads 15 letters and the end token.
  const [truth, other] = ['a very long caption of a fox', 'a very long caption of a hen'];
  const example = { id: 'long', text: truth, image: picture(0) };
  for (const list of [
    [truth, other, 'aa'],
    [other, 'aa', truth],
  ]) {
    const random = Random.fromSeed(1);
    // As on a backend that sums in another order for each row: the same tokens, another last bit.
    const model = standIn({ score: (_, text) => (text === 'aa' ? -9 : -1 - 1e-7 * random.uniform()) });
    const { metrics, predictions, cut } = await captionChoice(model, letters, arrayDataset([example]), {
      candidates: new Map([['long', list]]),
    });
    expect(metrics).toMatchObject({ accuracy: 0, accuracyPerToken: 0, ties: 1 });
    expect(predictions[0]).toMatchObject({ tied: true, text: other });
    expect(new Set(cut)).toEqual(new Set([truth, other]));
  }
});

test('a long caption that another one differs from in time is compared and may be a hit', async () => {
  const example = { id: 'long', text: 'a fox in the snow of winter', image: picture(0) };
  const fits = 'a hen in snow ab';
  expect(fits.length).toBe(16);
  const model = standIn({ score: (_, text) => (text.startsWith('a fox') ? -1 : -2) });
  const { metrics, cut } = await captionChoice(model, letters, arrayDataset([example]), {
    candidates: new Map([['long', [fits.slice(0, 15), example.text]]]),
  });
  expect(metrics).toMatchObject({ accuracy: 1, ties: 0 });
  // Fifteen letters and the end token are just what the model reads.
  expect(cut).toEqual([example.text]);
});

test('the same caption twice in a list, but for case, does not tie with itself', async () => {
  const upper = { ...letters, encode: (text: string) => letters.encode(text.toLowerCase()) };
  const { metrics } = await captionChoice(perfect, upper, arrayDataset(pairs(1)), {
    candidates: new Map([['pair-0', ['AA', 'aa', 'zz']]]),
  });
  expect(metrics).toMatchObject({ accuracy: 1, ties: 0 });
});

test('nothing evaluated is an error, not a number: no pictures, none that can be read, an abort before the first', async () => {
  const unreadable = {
    length: 3,
    get: (index: number) =>
      Promise.reject(new ImageError('IMAGE_UNREADABLE', `${index}.png: there is no such file`)),
  };
  const options = { candidates: new Map([['pair-0', ['aa', 'ab']]]) };
  await expect(captionChoice(perfect, letters, arrayDataset([]), options)).rejects.toThrow(
    'nothing was evaluated: there are no pictures',
  );
  const failure = captionChoice(perfect, letters, unreadable, options);
  await expect(failure).rejects.toThrow(
    'none of 3 pictures can be used; the first: 0.png: there is no such file',
  );
  await expect(failure).rejects.toBeInstanceOf(DataError);
  await expect(run(perfect, { limit: 0 })).rejects.toThrow('there are no pictures');
  await expect(run(perfect, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});

test('an empty candidate is named by its example', async () => {
  await expect(run(perfect, { candidates: new Map([['pair-0', ['aa', ' ']]]), limit: 1 })).rejects.toThrow(
    'the candidates of "pair-0" contain an empty text',
  );
});

test('with shuffled pictures who reads them falls to chance', async () => {
  const { metrics, predictions } = await run(perfect, { pictureOf: derangement(COUNT, 3) });
  expect(metrics.accuracy).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / COUNT));
  const honest = await run(perfect);
  expect(predictions.map(({ candidates }) => candidates)).toEqual(
    honest.predictions.map(({ candidates }) => candidates),
  );
});

test('a derangement leaves no index where it was and uses each once', () => {
  for (const length of [2, 3, 10, 57]) {
    for (let seed = 0; seed < 20; seed++) {
      const target = derangement(length, seed);
      const all = Array.from({ length }, (_, i) => target(i));
      expect(all.some((to, i) => to === i)).toBe(false);
      expect(new Set(all).size).toBe(length);
    }
  }
  expect([...Array(30).keys()].map(derangement(30, 1))).not.toEqual(
    [...Array(30).keys()].map(derangement(30, 2)),
  );
});

test('a picture that cannot be read and an empty caption are left out, counted and reported', async () => {
  const examples = pairs(10);
  const broken = {
    length: 10,
    get(index: number) {
      if (index === 3) throw new ImageError('IMAGE_UNREADABLE', 'three.png is damaged');
      return index === 5 ? { ...examples[5]!, text: ' ' } : examples[index]!;
    },
  };
  const { predictions, metrics, skipped } = await captionChoice(perfect, letters, broken, { choices: 8 });
  expect(metrics).toMatchObject({ accuracy: 1, count: 8 });
  expect(predictions.flatMap(({ candidates }) => candidates)).not.toContain(' ');
  expect(skipped).toEqual({
    count: 2,
    draws: 2,
    reasons: ['three.png is damaged', 'example "pair-5" has no caption'],
  });
});

test('progress counts up to the end, and an aborted run stops', async () => {
  const progress: [number, number][] = [];
  await run(perfect, { batchSize: 30, limit: 70, onProgress: (done, total) => progress.push([done, total]) });
  expect(progress).toEqual([
    [30, 70],
    [60, 70],
    [70, 70],
  ]);
  const controller = new AbortController();
  const { metrics } = await run(perfect, {
    batchSize: 10,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  expect(metrics.count).toBe(10);
});
