import type { ExampleOutline, TaskContext } from '@simvlm/core';
import { normalisedAnswer, vqaAccuracy } from '@simvlm/metrics';
import { answersOf } from '../answer';
import type { Decision } from './decision';
import { checkLabels, labelFile, savedLabels } from './label-list';

/** Answers of as many people as VQA accuracy compares. */
const PEOPLE = 10;

/**
 * One of the most frequent answers of the training data, from `fields.answer`: VQA as the paper has it. Answers are the same where VQA's evaluation
 * makes them the same; each is written as most people wrote it.
 *
 * An answer is trained to have its VQA accuracy as its score (Teney et al., 2018), so that what three of ten said is right, and what one said
 * a little. Where fewer than ten are given, each is right. Of an example without any of the answers nothing is learnt.
 *
 * @param size answers at most
 */
export async function vocabularyDecision(
  where: string,
  context: TaskContext,
  size: number,
): Promise<Decision> {
  const labels = (await savedLabels(context)) ?? (await frequentAnswers(where, context, size));
  checkLabels(where, labels);
  const indices = new Map(labels.map((label, index) => [normalisedAnswer(label), index]));
  return {
    head: { classes: labels.length, target: 'scores' },
    files: labelFile(labels),
    right(example) {
      const truths = answersOf(example);
      const scores = new Map(
        [...new Set(truths)].flatMap((text): [number, number][] => {
          const index = indices.get(normalisedAnswer(text));
          return index === undefined ? [] : [[index, scoreOf(labels[index]!, truths)]];
        }),
      );
      if (scores.size === 0) return { truths };
      const outputs = new Array<number>(labels.length).fill(0);
      for (const [index, score] of scores) outputs[index] = score;
      return { outputs, truths };
    },
    text: prediction => labels[prediction]!,
    evaluators: ['answers'],
    metric: { name: 'answers/accuracy', better: 'higher' },
  };
}

/** 0 to 1 */
function scoreOf(label: string, answers: readonly string[]): number {
  if (answers.length < PEOPLE) return 1;
  return vqaAccuracy([{ id: label, prediction: label, answers }]).corpus / 100;
}

/** The answers that are most often the one that most people give, the most frequent first. */
async function frequentAnswers(
  where: string,
  { outlines, warn }: TaskContext,
  size: number,
): Promise<readonly string[]> {
  const counts = new Map<string, { count: number; readonly forms: Map<string, number> }>();
  let examples = 0;
  for await (const example of outlines()) {
    examples++;
    const common = commonAnswer(example);
    const entry = counts.get(common.key) ?? { count: 0, forms: new Map<string, number>() };
    counts.set(common.key, entry);
    entry.count++;
    entry.forms.set(common.text, (entry.forms.get(common.text) ?? 0) + 1);
  }
  const entries = [...counts.values()].map(({ count, forms }) => ({ count, text: mostOf(forms) }));
  const kept = entries.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)).slice(0, size);
  const covered = kept.reduce((sum, { count }) => sum + count, 0);
  if (covered < examples)
    warn?.(
      `${where}: the ${kept.length.toLocaleString('en')} most frequent answers are the common answer to ${((100 * covered) / examples).toFixed(1)} % of ` +
        `${examples.toLocaleString('en')} questions; questions without any of them are left out of the training`,
    );
  return kept.map(({ text }) => text);
}

/** What most people answered, of several the first. */
function commonAnswer(example: ExampleOutline): { readonly key: string; readonly text: string } {
  const texts = answersOf(example);
  const keys = new Map<string, number>();
  for (const text of texts) {
    const key = normalisedAnswer(text);
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  const key = mostOf(keys);
  const forms = new Map<string, number>();
  for (const text of texts)
    if (normalisedAnswer(text) === key) forms.set(text.trim(), (forms.get(text.trim()) ?? 0) + 1);
  return { key, text: mostOf(forms) };
}

/** What is there most often, of several the first. */
function mostOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
