import { surveyTexts, textDataset } from '@simvlm/data';
import { trainUnigram } from '@simvlm/tokenizer';
import { expect, it } from 'vitest';
import {
  type BeforeTraining,
  type Reporter,
  type RunConfig,
  reportBeforeTraining,
  resolveRunConfig,
  silent,
  warmupWarning,
} from '../src/index';

/** A reporter, and what it was told. */
function listening() {
  const lines: string[] = [];
  const reporter: Reporter = {
    ...silent,
    note: text => lines.push(text),
    warn: text => lines.push(`warning ${text}`),
  };
  return { reporter, lines };
}

const spelling = () =>
  trainUnigram(['a red square', 'a blue disc'], { vocabSize: 40, hardVocabLimit: false });
const config = ({ optimizer, ...change }: { optimizer?: object; [key: string]: unknown } = {}) =>
  resolveRunConfig({
    ...{ name: 'n', model: 'emoji-tiny', optimizer: { learningRate: 2e-3, ...optimizer } },
    data: { train: 'x' },
    batch: { imageText: 4, textOnly: 4 },
    steps: 1000,
    ...change,
  });

/** What is said of these texts. */
async function said(
  { captions = [], documents = [] }: { captions?: readonly string[]; documents?: readonly string[] },
  change: Partial<BeforeTraining> & { config?: RunConfig } = {},
): Promise<string[]> {
  const { reporter, lines } = listening();
  await reportBeforeTraining(reporter, {
    config: config(),
    data: { captions, texts: textDataset(documents) },
    tokenizer: await spelling(),
    maxTextLength: 24,
    tokenizerFrom: 'text',
    ...change,
  });
  return lines;
}

it('text that is spelt and fits is told in one line, without a warning', async () => {
  expect(await said({ captions: ['a red disc'], documents: ['a blue square'] })).toEqual([
    'unknown letters (<unk>): 0 % of the caption tokens, 0 % of the document tokens',
  ]);
  expect(
    await said({ captions: ['a red disc'] }, { config: config({ batch: { imageText: 0, textOnly: 4 } }) }),
  ).toEqual([]);
});

it.each([
  ['checkpoint', 'begin with a model whose tokenizer knows them'],
  ['file', 'name another "tokenizer.model", or leave it out to learn one from this text'],
  ['text', 'raise "tokenizer.vocabSize"'],
] as const)(
  'letters that a tokenizer from a %s does not know are a warning with share and examples',
  async (tokenizerFrom, advice) => {
    const [line, ...more] = await said({ captions: ['a red ü', 'ß ß 日'] }, { tokenizerFrom });
    expect(line).toMatch(
      /^warning unknown letters \(<unk>\): \d\d\.\d % of the caption tokens, such as "ß" "ü" "日"; /,
    );
    expect(line).toContain(advice);
    expect(more).toEqual([]);
  },
);

it('letters that only documents have are a warning where they are many', async () => {
  const plain = Array.from({ length: 400 }, () => 'a red square');
  expect((await said({ documents: [...plain, 'ü'] }))[0]).toBe(
    'unknown letters (<unk>): < 0.1 % of the document tokens, such as "ü"',
  );
  expect((await said({ documents: ['a red square', 'ü'] }))[0]).toMatch(
    /^warning .* of the document tokens, such as "ü"/,
  );
});

it('captions that will be cut are a warning with their number and that of the tokens', async () => {
  const [, ...lines] = await said({ captions: ['red '.repeat(5000), 'a red disc', 'blue '.repeat(40)] });
  expect(lines).toEqual([
    expect.stringMatching(
      /^warning captions are cut to 23 tokens, and what follows is never learnt: 2 of 3 are longer, the longest has [\d,]+; raise "maxTextLength"/,
    ),
  ]);
  const [, ...notes] = await said({ documents: ['red '.repeat(5000)] });
  expect(notes).toEqual([expect.stringMatching(/^documents are cut to 23 tokens, .* 1 of 1 is longer/)]);
});

it('a caption that just fits is not cut', async () => {
  const tokenizer = await spelling();
  const text = 'red '.repeat(30).trim();
  const tokens = tokenizer.encode(text).length;
  // The end token is one more.
  expect(await said({ captions: [text] }, { tokenizer, maxTextLength: tokens + 1 })).toHaveLength(1);
  expect(await said({ captions: [text] }, { tokenizer, maxTextLength: tokens })).toHaveLength(2);
});

it('a warm-up longer than the run is a warning, before the first step where the steps are known', async () => {
  const text = { captions: ['a red disc'] };
  const optimizer = { warmup: 100, learningRate: 2e-3 };
  const [, ...lines] = await said(text, { config: config({ steps: 20, optimizer }) });
  expect(lines).toEqual([
    'warning the warm-up takes 100 steps and the run 20: the learning rate reaches 0.0004, never 0.002; ' +
      'set "optimizer.warmup" to fewer steps, or to a share of the run such as 0.1',
  ]);
  for (const fits of [
    { steps: 100, optimizer },
    { steps: 20, optimizer: { ...optimizer, warmup: 0.5 } },
  ])
    expect(await said(text, { config: config(fits) })).toHaveLength(1);
});

it('a run of minutes says it once its steps are known', () => {
  const { reporter, lines } = listening();
  const { onStep } = warmupWarning(
    reporter,
    config({ steps: undefined, minutes: 1, optimizer: { warmup: 100 } }),
  );
  for (const totalSteps of [null, null, 40, 50]) onStep!({ totalSteps } as never);
  expect(lines).toEqual([expect.stringMatching(/^warning the warm-up takes 100 steps and the run 40/)]);
});

it('of very many texts 20,000 are looked at, which is said', async () => {
  const captions = Array.from({ length: 20_001 }, () => 'a red ü');
  const [line] = await said({ captions });
  expect(line).toContain('"ü" (20,000 of 20,001 captions looked at); raise');
  const tokenizer = await spelling();
  const survey = async (seed: number) => {
    const looked: number[] = [];
    const at = (index: number) => {
      looked.push(index);
      return 'a';
    };
    await surveyTexts({ length: 30_000, at }, tokenizer, 5, seed);
    return looked;
  };
  const first = await survey(1);
  expect(new Set(first).size).toBe(20_000);
  expect(await survey(1)).toEqual(first);
});
