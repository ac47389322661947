import { describe, expect, test } from 'vitest';
import {
  type AnswerItem,
  accuracy,
  bootstrap,
  f1,
  type LabelItem,
  matthews,
  normalisedAnswer,
  pearson,
  type Scores,
  spearman,
  type TranslationItem,
  tokens13a,
  translationBleu,
  vqaAccuracy,
} from '../src/index';
import { expectEqual, fixture } from './fixtures';

/** Of per cent. */
function inFractions({ corpus, items }: Pick<Scores, 'corpus' | 'items'>) {
  return { corpus: corpus / 100, items: items.map(value => value / 100) };
}

describe('VQA accuracy is that of the official code', () => {
  test('for 400 answers', () => {
    const { items, expected } = fixture<{ items: AnswerItem[]; expected: Scores }>('vqa');
    const { corpus, items: each } = vqaAccuracy(items);
    expectEqual(inFractions({ corpus, items: each }), inFractions(expected));
  });

  test.each([
    ['It’s two dogs.', 'it’s 2 dogs'],
    ['dont know', "don't know"],
    ['1,000 people', '1000 people'],
    ['left - right', 'left right'],
    ['red/white', 'red white'],
    ["somebody'd", 'somebodyd'],
    ['its', 'its'],
    ['constructor', 'constructor'],
  ])('%s is compared as %s', (answer, normalised) => {
    expect(normalisedAnswer(answer)).toBe(normalised);
  });

  test('where all people wrote the same, not even case is forgiven', () => {
    const answers = new Array<string>(10).fill('yes');
    expect(vqaAccuracy([{ id: 'a', prediction: 'Yes', answers }]).corpus).toBe(0);
    expect(vqaAccuracy([{ id: 'a', prediction: 'yes', answers }]).corpus).toBe(100);
  });
});

describe('BLEU is that of sacrebleu', () => {
  const given = fixture<{
    items: TranslationItem[];
    expected: Scores;
    several: { items: TranslationItem[]; corpus: number; each: number[] };
    short: { prediction: string; reference: string; sentence: number; corpus: number }[];
    tokens: { line: string; tokens: string }[];
  }>('translation');
  const near = (scores: Scores, other: Pick<Scores, 'corpus' | 'items'>) =>
    expectEqual(inFractions(scores), inFractions(other));

  test('for a corpus and each of 120 lines', () => near(translationBleu(given.items), given.expected));

  test('with several references', () =>
    near(translationBleu(given.several.items), { corpus: given.several.corpus, items: given.several.each }));

  test.each(given.short)(
    'for a line as short as "$prediction"',
    ({ prediction, reference, sentence, corpus }) => {
      near(translationBleu([{ id: 'a', prediction, references: [reference] }]), {
        corpus,
        items: [sentence],
      });
    },
  );

  test.each(given.tokens)('tokens of $line', ({ line, tokens }) => {
    expect(tokens13a(line).join(' ')).toBe(tokens);
  });
});

describe('labels and numbers are measured as scikit-learn and SciPy do', () => {
  const { classification, regression } = fixture<{
    classification: { truth: number[]; given: number[]; accuracy: number; matthews: number; f1?: number }[];
    regression: { truth: number[]; given: number[]; pearson: number; spearman: number }[];
  }>('labels');

  test.each(classification)('accuracy, F1, Matthews', expected => {
    const items: LabelItem[] = expected.truth.map((label, i) => ({
      id: `${i}`,
      label: `${label}`,
      prediction: `${expected.given[i]}`,
    }));
    expect(accuracy(items)).toBeCloseTo(expected.accuracy, 12);
    expect(matthews(items)).toBeCloseTo(expected.matthews, 12);
    if (expected.f1 !== undefined) expect(f1(items, '1')).toBeCloseTo(expected.f1, 12);
  });

  test.each(regression)('Pearson, Spearman', expected => {
    const items = expected.truth.map((label, i) => ({ id: `${i}`, label, prediction: expected.given[i]! }));
    expect(pearson(items)).toBeCloseTo(expected.pearson, 12);
    expect(spearman(items)).toBeCloseTo(expected.spearman, 12);
  });

  test('what is always the same has no correlation', () => {
    const items = [1, 2, 3].map(label => ({ id: `${label}`, label, prediction: 1 }));
    expect([pearson(items), spearman(items)]).toEqual([undefined, undefined]);
  });
});

describe('an interval', () => {
  test('covers the true mean about 95 times of 100', () => {
    let covered = 0;
    for (let seed = 0; seed < 200; seed++) {
      // 0 and 1 by turns of a fixed pattern: mean ½, independent of the generator that draws.
      const values = Array.from({ length: 60 }, (_, i) => ((i * 7919 + seed * 104_729) % 1009) / 1008);
      const { low, high } = bootstrap(60, drawn => drawn.reduce((sum, i) => sum + values[i]!, 0) / 60, {
        samples: 200,
        seed,
      })!;
      if (low <= 0.5 && 0.5 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(170);
  });

  test('is the same for the same seed, and there is none of one item', () => {
    const of = (drawn: readonly number[]) => drawn[0];
    expect(bootstrap(9, of, { seed: 3 })).toEqual(bootstrap(9, of, { seed: 3 }));
    expect(bootstrap(1, of)).toBeUndefined();
  });
});
