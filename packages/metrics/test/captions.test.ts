import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  bleu,
  type CaptionItem,
  ciderD,
  documentFrequencies,
  meteor,
  meteorVocabulary,
  rougeL,
  type Scores,
  type TokenisedCaption,
  tokeniseCaptions,
} from '../src/index';
import { loadParaphrases, loadWordNet } from '../src/node';
import { expectEqual, fixture, fixturePath } from './fixtures';

const { items, tokens, expected } = fixture<{
  items: CaptionItem[];
  tokens: TokenisedCaption[];
  expected: Record<string, Scores>;
}>('captions');

describe('the metrics of pycocoevalcap, for the corpus and each of 272 items', () => {
  test('tokens: the same lines as the official tokenizer', () => {
    expect(tokeniseCaptions(items)).toEqual(tokens);
  });

  test.each([1, 2, 3, 4])('BLEU-%i', n => {
    expectEqual(bleu(tokens)[n - 1]!, expected[`bleu${n}`]!);
  });

  test('ROUGE-L', () => expectEqual(rougeL(tokens), expected.rougeL!));

  test('CIDEr-D', () => expectEqual(ciderD(tokens), expected.ciderD!));

  test('METEOR with its first two stages', () => expectEqual(meteor(tokens), expected.meteorExactStem!));

  test('METEOR with its first three stages', async () => {
    const wordNet = await loadWordNet();
    expectEqual(meteor(tokens, { wordNet }), expected.meteorExactStemSynonym!);
  });

  test('METEOR, with a table of paraphrases', async () => {
    const paraphrases = await loadParaphrases(
      fileURLToPath(fixturePath('paraphrases.gz')),
      meteorVocabulary(tokens),
    );
    const scores = meteor(tokens, { wordNet: await loadWordNet(), paraphrases });
    expectEqual(scores, expected.meteor!);
    expect(scores.corpus).toBeGreaterThan(expected.meteorExactStemSynonym!.corpus);
  });
});

test('CIDEr-D of a stated corpus does not depend on the other items', () => {
  const corpus = documentFrequencies(tokens);
  expect(ciderD(tokens.slice(0, 1), corpus).items[0]).toBe(ciderD(tokens).items[0]);
  expect(ciderD(tokens.slice(0, 1)).items[0]).toBe(0);
});

test('an empty prediction scores nothing', async () => {
  const empty = [...tokens.slice(0, 20), { prediction: '', references: ['a dog'] }];
  const all = [...bleu(empty), rougeL(empty), ciderD(empty), meteor(empty, { wordNet: await loadWordNet() })];
  for (const { items: each, corpus } of all) {
    expect(each.at(-1)).toBeLessThan(1e-9);
    expect(corpus).toBeGreaterThan(0);
  }
});

test('5,000 captions with 5 references each take less than 5 s', { timeout: 30_000 }, async () => {
  const wordNet = await loadWordNet();
  const many = Array.from({ length: 5000 }, (_, i) => ({
    ...items[i % items.length]!,
    id: `${i}`,
    references: Array.from({ length: 5 }, (_, k) => items[(i * 7 + k) % items.length]!.references[0]!),
  }));
  const { user, system } = process.cpuUsage();
  const lines = tokeniseCaptions(many);
  bleu(lines);
  rougeL(lines);
  ciderD(lines);
  meteor(lines, { wordNet });
  const used = process.cpuUsage({ user, system });
  expect((used.user + used.system) / 1e6).toBeLessThan(5);
});
