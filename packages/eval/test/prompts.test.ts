import { type Example, ImageError, type JsonValue, Registry } from '@simvlm/core';
import { arrayDataset, collate } from '@simvlm/data';
import type { SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evalPlugin } from '../src/index';
import { letters, picture, standIn, tinyModel } from './fixture';

const evaluate = new Registry().use(evalPlugin).get('evaluator', 'prompts');
const CLASSES = ['ab', 'cd', 'efg', 'h', 'ij', 'k'];

const examples: Example[] = Array.from({ length: 12 }, (_, i) => ({
  ...{ id: `${i}`, text: CLASSES[i % 6]!, image: picture(20 * i) },
  fields: { label: CLASSES[i % 6]! },
}));
const data = arrayDataset(examples);

let model: SimVlm;
beforeAll(async () => {
  await tf.setBackend('cpu');
  model = tinyModel();
  // Fresh weights hardly look at the picture.
  for (const variable of model.params.values())
    tf.tidy(() => variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.4, 'float32', 1))));
});
afterAll(() => model.dispose());

/** Σ log p of a class behind a prompt, by the model alone. */
async function sumOf(prefix: string, words: string, image = examples[0]!.image!): Promise<[number, number]> {
  const [before, after] = [letters.encode(prefix), letters.encode(words)];
  const tokens = Int32Array.of(...before, ...after, letters.special.eos);
  const row = { id: 'x', tokens, prefixLength: before.length, image };
  return [(await model.score(collate([row], { pad: 0 })))[0]!, after.length + 1];
}

const grey = { ...picture(128) };
const byHand: Record<string, (prefix: string, words: string, image: Example['image']) => Promise<number>> = {
  sum: async (prefix, words, image) => (await sumOf(prefix, words, image))[0],
  async length(prefix, words, image) {
    const [sum, tokens] = await sumOf(prefix, words, image);
    return sum / tokens;
  },
  prior: async (prefix, words, image) =>
    (await sumOf(prefix, words, image))[0] - (await sumOf(prefix, words, grey))[0],
};

test.each(['sum', 'length', 'prior'])(
  '%s: classes are ranked as by hand, over two templates',
  async normalise => {
    const before = tf.memory().numTensors;
    const templates = ['a {}', '{}z'];
    const found = await evaluate({ model, tokenizer: letters }, data, { templates, normalise, batchSize: 5 });
    expect(tf.memory().numTensors).toBe(before);
    let [hits, near] = [0, 0];
    for (const [i, { image, text }] of examples.entries()) {
      const scores = await Promise.all(
        CLASSES.map(async name => {
          const [first, second] = [
            await byHand[normalise]!('a', name, image),
            await byHand[normalise]!('', `${name}z`, image),
          ];
          return (first + second) / 2;
        }),
      );
      const order = [...CLASSES.keys()].sort((a, b) => scores[b]! - scores[a]!);
      const item = found.items![i]!;
      expect(item.candidates).toEqual(order.slice(0, 5).map(k => CLASSES[k]));
      for (const [place, score] of (item.scores as number[]).entries())
        expect(score).toBeCloseTo(scores[order[place]!]!, 4);
      const rank = order.indexOf(CLASSES.indexOf(text));
      hits += Number(rank === 0);
      near += Number(rank < 5);
    }
    expect(found.metrics).toEqual({
      ...{ accuracy: hits / 12, top5: near / 12, count: 12 },
      chance: expect.closeTo(1 / 6, 9),
    });
  },
);

/** What a model without a picture's help finds of each class. */
const told = (score: (index: number, text: string) => number) => ({
  model: standIn({ score }),
  tokenizer: letters,
});

const knowing = told((index, text) => (text === CLASSES[(index / 20) % 6] ? -1 : -2));

test('a draw of classes, or given ones; the text itself as the class; the prompt of the task before them', async () => {
  const run = async (options: Record<string, JsonValue>) => (await evaluate(knowing, data, options)).metrics;
  expect(await run({ label: 'text' })).toMatchObject({ accuracy: 1, top5: 1 });
  expect(await run({ choices: 3, seed: 1 })).toEqual({
    accuracy: 1,
    chance: expect.closeTo(1 / 3, 9),
    count: 12,
  });
  const found = await evaluate(knowing, data, { labels: ['ab', 'cd'] });
  expect(found.metrics).toEqual({ accuracy: 4 / 12, chance: 0.5, count: 12 });
  expect(found.warnings).toEqual(['8 of 12 examples are of none of the classes, and count as misses']);
  const prompts: string[] = [];
  const watched = {
    ...knowing,
    model: {
      ...knowing.model,
      scoreCandidates: (prefixes: { prompts: Int32Array[] }, lists: Int32Array[][]) => {
        prompts.push(letters.decode(prefixes.prompts[0]!));
        return lists.map(list => list.map(() => 0));
      },
    } as unknown as SimVlm,
    prompt: 'a photo of',
  };
  await evaluate(watched, data, {});
  expect(new Set(prompts)).toEqual(new Set(['a photo of']));
});

test('what is as likely as the true class counts before it', async () => {
  const { metrics, items } = await evaluate(
    told(() => -1),
    data,
    {},
  );
  expect(metrics).toMatchObject({ accuracy: 0, top5: 0 });
  for (const { text, label } of items!) expect(text).not.toBe(label);
  expect(
    (
      await evaluate(
        told(() => Number.NaN),
        data,
        {},
      )
    ).metrics,
  ).toMatchObject({ accuracy: 0, top5: 0 });
});

test('names of classes are words, texts stay as they are, and long ones are named', async () => {
  const seen = new Set<string>();
  const watching = told((_, text) => {
    seen.add(text);
    return -1;
  });
  const named = arrayDataset(
    ['a-b', 'c_d', 'abcdefghijklmnopqr'].map((label, i) => ({
      ...{ id: `${i}`, text: label, image: picture(i), fields: { label } },
    })),
  );
  const { warnings } = await evaluate(watching, named, {});
  expect(seen).toEqual(new Set(['a b', 'c d', 'abcdefghijklmno']));
  expect(warnings).toEqual([expect.stringContaining('1 candidate is longer than the model reads')]);
});

test('examples without a class, and damaged pictures, are left out and reported', async () => {
  const damaged = {
    length: 14,
    get(index: number): Example {
      if (index === 12) throw new ImageError('IMAGE_UNREADABLE', 'twelve.png is damaged');
      return index === 13 ? { id: '13', text: 'x', image: picture(1) } : examples[index]!;
    },
  };
  const { metrics, skipped } = await evaluate(knowing, damaged, {});
  expect(metrics).toMatchObject({ accuracy: 1, count: 12 });
  expect(skipped!.count).toBe(2);
  expect(skipped!.reasons.join()).toMatch(/twelve\.png is damaged.*example "13" has no "label"/);
});

test.each([
  [{ templates: ['a picture'] }, 'a template has one {} for the class'],
  [{ templates: [] }, 'there must be a template, and two different classes or more; got 0 and 6'],
  [{ labels: ['ab'] }, 'got 1 and 1'],
  [{ labels: ['ab', 'ab'] }, 'got 1 and 2'],
  [{ templates: ['a very long prompt {}'] }, 'the prompt has 18 tokens'],
  [{ normalise: 'mean' }, '"normalise" must be'],
  [{ choices: 9 }, 'a choice among 9 needs as many different captions, there are 6'],
])('%j is refused', async (options, message) => {
  const failure = evaluate(knowing, data, options as never);
  await expect(failure).rejects.toThrow(message);
});
