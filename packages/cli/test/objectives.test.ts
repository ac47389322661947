import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  writeFileSync('text.txt', 'a red disc and a blue cross\na green square\nblack and blue\n');
});
afterAll(() => folder.leave());

const train = (name: string, change: object) => {
  folder.write(
    `${name}.json`,
    smallConfig('train', {
      name,
      model: { ...smallModel, maxTextLength: 16 },
      data: { train: 'train', documents: 'text.txt' },
      batch: { imageText: 8, textOnly: 1 },
      steps: 12,
      ...change,
    }),
  );
  return simvlm('train', `${name}.json`);
};

it.each([
  ['causal-lm', {}],
  ['captioning', {}],
  ['span-corruption', { noiseDensity: 0.3 }],
])('a run names its objective: %s', async (kind, options) => {
  const { code, err } = await train(kind, {
    objective: { kind, ...options },
    tokenizer: { vocabSize: 60, sentinels: 8 },
  });
  expect(code, err).toBe(0);
  const losses = readFileSync(`runs/${kind}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).loss as number);
  expect(losses.length).toBe(12);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

it('span corruption without sentinels is refused with what to do', async () => {
  const { code, err } = await train('none', { objective: { kind: 'span-corruption' } });
  expect(code).toBe(2);
  expect(err).toContain('need 2 sentinels, the tokenizer has 0; add some to its vocabulary');
});
