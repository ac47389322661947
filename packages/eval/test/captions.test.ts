import { DataError, ImageError, Registry, ShapeError } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import type { GenerateRequest } from '@simvlm/model';
import { expect, test } from 'vitest';
import { captionMetrics, cocoMetrics, evalPlugin, predictCaptions } from '../src/index';
import { caption, indexOf, letters, pairs, standIn } from './fixture';

/** Captions each picture with its own caption, and remembers what it was asked. */
function knowing() {
  const requests: GenerateRequest[] = [];
  const model = standIn({
    generate(request) {
      requests.push(request);
      return Array.from({ length: request.images!.length / 12 }, (_, row) => {
        const index = indexOf(request.images!, row);
        return { tokens: letters.encode(caption(index)), logProb: -index, finished: true };
      });
    },
  });
  return { model, requests };
}

test('predictions come in the order of the data set, however it is cut into batches', async () => {
  for (const batchSize of [1, 4, 64]) {
    const { model, requests } = knowing();
    const { predictions, skipped } = await predictCaptions(model, letters, arrayDataset(pairs(10)), {
      batchSize,
    });
    expect(predictions).toEqual(
      pairs(10).map(({ id, text }, i) => ({
        id,
        text,
        truth: text,
        references: [text],
        logProb: -i,
      })),
    );
    expect(skipped).toEqual({ count: 0, draws: 0, reasons: [] });
    expect(requests.length).toBe(Math.ceil(10 / batchSize));
  }
});

test('a prompt stands behind every picture, and is no part of the caption', async () => {
  const { model, requests } = knowing();
  const { predictions } = await predictCaptions(model, letters, arrayDataset(pairs(3)), {
    prompt: ' a photo of',
  });
  expect(predictions.map(({ text }) => text)).toEqual(['aa', 'ab', 'ac']);
  expect(requests[0]!.prompts).toEqual(new Array(3).fill(letters.encode('a photo of')));
});

test('without a prompt, or with one of white space, the model is given none; the sampler is passed on', async () => {
  const { model, requests } = knowing();
  await predictCaptions(model, letters, arrayDataset(pairs(2)), { prompt: ' ' });
  await predictCaptions(model, letters, arrayDataset(pairs(2)), { sampler: { kind: 'greedy' } });
  expect(requests[0]).not.toHaveProperty('prompts');
  expect(requests[0]).not.toHaveProperty('sampler');
  expect(requests[1]!.sampler).toEqual({ kind: 'greedy' });
});

test('a prompt that leaves no room for a caption is refused before anything is read', async () => {
  const { model } = knowing();
  const untouched = {
    length: 1,
    get: () => {
      throw new Error('read');
    },
  };
  const failure = predictCaptions(model, letters, untouched, { prompt: 'a very long prompt' });
  await expect(failure).rejects.toBeInstanceOf(ShapeError);
  await expect(failure).rejects.toThrow('the prompt has 18 tokens; the model reads 16 with the caption');
});

test('pictures that cannot be read are left out, counted and reported', async () => {
  const examples = pairs(6);
  const broken = {
    length: 6,
    get(index: number) {
      if (index === 1) throw new ImageError('IMAGE_UNREADABLE', 'one.png is damaged');
      if (index === 2) throw new DataError('DATA_NOT_FOUND', 'two.png is not there');
      return index === 4 ? { id: 'four', text: 'no picture' } : examples[index]!;
    },
  };
  const progress: number[] = [];
  const { predictions, skipped } = await predictCaptions(knowing().model, letters, broken, {
    batchSize: 2,
    onProgress: done => progress.push(done),
  });
  expect(predictions.map(({ id }) => id)).toEqual(['pair-0', 'pair-3', 'pair-5']);
  expect(skipped).toEqual({
    count: 3,
    draws: 3,
    reasons: ['one.png is damaged', 'two.png is not there', 'example "four" has no image'],
  });
  expect(progress.at(-1)).toBe(6);
});

test('no picture that can be used is an error with the first reason, and so are metrics of nothing', async () => {
  const { model } = knowing();
  const unreadable = {
    length: 2,
    get: () => Promise.reject(new ImageError('IMAGE_UNREADABLE', 'a.png: it is empty', { file: 'a.png' })),
  };
  const failure = predictCaptions(model, letters, unreadable);
  await expect(failure).rejects.toThrow(
    'nothing was evaluated: none of 2 pictures can be used; the first: a.png: it is empty',
  );
  await expect(failure).rejects.toBeInstanceOf(DataError);
  await expect(predictCaptions(model, letters, arrayDataset([]))).rejects.toThrow('there are no pictures');
  expect(() => captionMetrics([])).toThrow('nothing was evaluated');
});

test('an abort before the first batch is not an error: there are no predictions yet', async () => {
  const signal = AbortSignal.abort();
  expect(
    (await predictCaptions(knowing().model, letters, arrayDataset(pairs(2)), { signal })).predictions,
  ).toEqual([]);
});

test('an error that is not about the picture is not swallowed', async () => {
  const dataset = { length: 1, get: () => Promise.reject(new TypeError('no decoder')) };
  await expect(predictCaptions(knowing().model, letters, dataset)).rejects.toThrow(TypeError);
});

test('pictures are centre-cropped to the model’s size, and a limit takes the first ones', async () => {
  const { model, requests } = knowing();
  const large = pairs(4).map(pair => ({
    ...pair,
    image: { width: 6, height: 4, data: new Uint8Array(72).fill(25) },
  }));
  const { predictions } = await predictCaptions(model, letters, arrayDataset(large), { limit: 2 });
  expect(predictions.map(({ id, text }) => [id, text])).toEqual([
    ['pair-0', caption(25)],
    ['pair-1', caption(25)],
  ]);
  expect(requests[0]!.images!.length).toBe(2 * 12);
});

test('a timer or Ctrl-C is heard between two batches, although nothing waits for a disk', async () => {
  const { model, requests } = knowing();
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await predictCaptions(model, letters, arrayDataset(pairs(20)), { batchSize: 1, signal: controller.signal });
  expect(requests.length).toBeLessThan(5);
});

test('every caption that people wrote of a picture counts', async () => {
  const references = ['something else', 'aa'];
  const examples = pairs(2).map((pair, i) =>
    i === 0 ? { ...pair, text: references[0]!, references } : pair,
  );
  const { predictions } = await predictCaptions(knowing().model, letters, arrayDataset(examples));
  expect(predictions[0]).toMatchObject({ text: 'aa', truth: 'something else', references });
  expect(captionMetrics(predictions)).toEqual({ exactMatch: 1, wordF1: 1, count: 2 });
  expect(captionMetrics(predictions.map(({ text, truth }) => ({ text, truth }))).exactMatch).toBe(0.5);
  const { bleu1, ciderD, count } = cocoMetrics(predictions);
  expect(bleu1).toBeCloseTo(1, 6);
  expect(ciderD).toBeGreaterThan(0);
  expect(count).toBe(2);
});

test('references without a word are refused before a picture is captioned', async () => {
  const { model, requests } = knowing();
  const [first, second] = pairs(2);
  const data = arrayDataset([first!, { ...second!, text: '🙂' }]);
  const coco = new Registry().use(evalPlugin).get('evaluator', 'coco');
  await expect(coco({ model, tokenizer: letters }, data, {})).rejects.toThrow(
    'example "pair-1": none of its references has a word',
  );
  expect(requests).toEqual([]);
});
