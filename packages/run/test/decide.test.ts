import { memoryStorage } from '@simvlm/checkpoint';
import type { Evaluation, Example, JsonValue, ParameterTree, Random } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTask, ownParts, type RunConfigInput, runTraining, silent } from '../src/index';
import { runTask } from '../src/task';
import { dataOf, examples, grey, smallRun } from './bright-or-dark';

beforeAll(() => pickBackend({ prefer: 'wasm' }));

const words = (bright: boolean) => (bright ? 'it is bright' : 'it is dark');

/** A premise, bright or dark, as a picture or as text, and a hypothesis of either: only both together say which label is right. */
const entailment =
  (kind: 'picture' | 'text' | 'both') =>
  (random: Random, i: number): Omit<Example, 'id'> => {
    const [bright, claim] = [random.integer(2) === 1, random.integer(2) === 1];
    const isPicture = kind === 'picture' || (kind === 'both' && i % 2 === 0);
    return {
      text: words(claim),
      ...(isPicture && { image: grey(bright, random) }),
      fields: {
        label: bright === claim ? 'entailment' : 'contradiction',
        ...(!isPicture && { sentence1: words(bright) }),
      },
    };
  };

const captions = [
  'it is bright',
  'it is dark',
  'is it bright',
  'is it dark',
  'what is it',
  'one two three four five',
];

/** Trains, and measures what the checkpoint says of other examples. */
async function measured(
  given: ReturnType<typeof smallRun>,
  train: readonly Example[],
  val: readonly Example[],
  warn?: string[],
): Promise<Evaluation> {
  const registry = ownParts();
  const storage = memoryStorage();
  const reporter = warn ? { ...silent, warn: (text: string) => void warn.push(text) } : silent;
  const options = { data: dataOf(train, captions), registry, reporter, readTokenizer: () => expect.fail() };
  (await runTraining({ ...options, config: given, storage })).model.dispose();
  const opened = await openTask((await storage.latest())!, registry);
  const { task, model, tokenizer } = opened;
  const subject = { model, tokenizer, answer: task.answer! };
  const found = await registry.get('evaluator', task.evaluators[0]!)(subject, arrayDataset(val), {});
  await opened.dispose();
  return found;
}

describe('what only the right wiring learns', () => {
  const either = { kind: 'snli-ve', premise: 'either' };

  test.each([
    { architecture: 'encoder-decoder', learningRate: 0.003 },
    { architecture: 'decoder-only', learningRate: 0.005 },
  ])(
    '$architecture: a premise in the prefix, as a picture or as text, and a hypothesis',
    async ({ architecture, learningRate }) => {
      const model = { ...(smallRun(either).model as object), architecture } as RunConfigInput['model'];
      const given = smallRun(either, { model, steps: 250, optimizer: { learningRate } });
      const train = examples(200, 1, entailment('both'));
      const { metrics } = await measured(given, train, examples(60, 2, entailment('both')));
      expect(metrics.count).toBe(60);
      // Either part alone, or one kind of example alone, gets a half or three quarters.
      expect(metrics.accuracy).toBeGreaterThan(0.95);
    },
  );

  test('what is known of texts alone is said of pictures, too', async () => {
    // Pictures come with "it is bright" and "it is dark"; what "one" and "two" mean, texts alone tell.
    const other = (seed: number, kind: 'picture' | 'text') =>
      examples(200, seed, (random, i) => {
        const { text, ...example } = entailment(kind)(random, i);
        return { ...example, text: text === words(true) ? 'one' : 'two' };
      });
    const given = smallRun(either, { steps: 400, optimizer: { learningRate: 0.003 } });
    const train = [...examples(400, 1, entailment('both')), ...other(3, 'text')];
    const { metrics } = await measured(given, train, other(4, 'picture'));
    // By chance it is a half.
    expect(metrics.accuracy).toBeGreaterThan(0.9);
  });

  test('a number that is made of two sentences', async () => {
    const numbers = ['one', 'two', 'three', 'four', 'five'];
    const pair = (random: Random): Omit<Example, 'id'> => {
      const [a, b] = [random.integer(5), random.integer(5)];
      return {
        text: '',
        fields: { sentence1: numbers[a]!, sentence2: numbers[b]!, label: a + b / 2 },
      };
    };
    const { metrics } = await measured(
      smallRun({ kind: 'glue', name: 'stsb' }, { steps: 250 }),
      examples(300, 1, pair),
      examples(60, 2, pair),
    );
    expect(metrics.pearson).toBeGreaterThan(0.9);
    expect(metrics.spearman).toBeGreaterThan(0.9);
  });

  test('answers of a vocabulary: one that it lacks is wrong, and nothing is learnt from it', async () => {
    const asked = (random: Random, i: number): Omit<Example, 'id'> => {
      const [bright, is] = [random.integer(2) === 1, random.integer(2) === 1];
      const [question, answer] =
        i % 10 === 0
          ? ['what is it', `thing ${i}`]
          : [is ? 'is it bright' : 'is it dark', bright === is ? 'yes' : 'no'];
      return { text: '', image: grey(bright, random), fields: { question, answer: Array(10).fill(answer) } };
    };
    const warnings: string[] = [];
    const given = smallRun({ kind: 'vqa', vocabulary: 2 }, { steps: 150 });
    const { metrics } = await measured(given, examples(200, 1, asked), examples(60, 2, asked), warnings);
    expect(warnings.join()).toContain(
      'the 2 most frequent answers are the common answer to 90.0 % of 200 questions',
    );
    expect(metrics.count).toBe(60);
    expect(metrics.accuracy).toBeGreaterThan(85);
    expect(metrics.accuracy).toBeLessThanOrEqual(90);
  });
});

const makers: Record<
  string,
  { task: Record<string, JsonValue>; make: (random: Random, i: number) => Omit<Example, 'id'> }
> = {
  'snli-ve, either': { task: { kind: 'snli-ve', premise: 'either' }, make: entailment('both') },
  nlvr2: {
    task: { kind: 'nlvr2' },
    make(random) {
      const images = [grey(true, random), grey(random.integer(2) === 1, random)];
      return {
        text: 'it is bright',
        image: images[0]!,
        images,
        fields: { label: random.integer(2) === 1 ? 'True' : 'False' },
      };
    },
  },
  vqa: {
    task: { kind: 'vqa', vocabulary: 3 },
    make: (random, i) => ({
      ...{ text: '', image: grey(random.integer(2) === 1, random) },
      fields: {
        question: 'what is it',
        answer: Array(10).fill(i % 7 === 0 ? `rare ${i}` : `thing ${random.integer(3)}`),
      },
    }),
  },
  'glue stsb': {
    task: { kind: 'glue', name: 'stsb' },
    make: random => ({
      text: '',
      fields: { sentence1: words(true), sentence2: words(false), label: random.integer(6) },
    }),
  },
};

describe.each(Object.entries(makers))('%s', (_, { task, make }) => {
  const data = dataOf(examples(40, 1, make), captions);
  const options = { data, registry: ownParts(), reporter: silent, readTokenizer: () => expect.fail() };
  const regularization = { dropout: 0.1 };

  test('goes on from a checkpoint exactly', async () => {
    const values = (params: ParameterTree<tf.Variable>) =>
      params.map(variable => variable.dataSync().slice());
    const run = async (steps: number, more: object) => {
      let head: ReturnType<typeof values> | undefined;
      // The schedule of both is that of twelve steps: the first is stopped.
      const stop = new AbortController();
      const { model, result } = await runTraining({
        ...{ ...options, ...more, signal: stop.signal },
        config: smallRun(task, { steps: 12, regularization, batch: { imageText: 8, textOnly: 0 } }),
        async beforeStart(started) {
          head = undefined;
          last = () => values(started.task.learner.params);
        },
        callbacks: () => [
          {
            onStep({ step }) {
              if (step === steps) stop.abort();
              if (step === 12) head = last();
            },
          },
        ],
      });
      model.dispose();
      return { head, step: result.step };
    };
    let last: () => ReturnType<typeof values> = () => expect.fail();
    const storage = memoryStorage();
    const whole = await run(12, {});
    expect((await run(5, { storage })).step).toBe(5);
    const rest = await run(12, { storage, resume: (await storage.latest())! });
    expect(rest.step).toBe(12);
    for (const [name, numbers] of whole.head!) expect(rest.head!.get(name), name).toEqual(numbers);
  });

  test('gives each of two processes its own examples, each once in an epoch', async () => {
    const given = smallRun(task, { batch: { imageText: 8, textOnly: 0 } });
    const { model, tokenizer } = await runTraining({ ...options, config: { ...given, steps: 1 } });
    const read = await Promise.all(
      [0, 1].map(async rank => {
        const opened = await runTask({
          config: given,
          data,
          model,
          tokenizer,
          registry: options.registry,
          share: { rank, size: 2 },
        });
        const ids: string[] = [];
        const steps = task.kind === 'vqa' ? 4 : 5;
        for (let step = 0; step < steps; step++)
          for (const { passes } of await opened.task.batches.next()) ids.push(...passes[0].ids);
        await opened.close();
        return ids;
      }),
    );
    const ids = read.flat();
    // VQA leaves the rare answers out: six of forty.
    expect(ids).toHaveLength(task.kind === 'vqa' ? 32 : 40);
    expect(new Set(ids).size).toBe(ids.length);
    model.dispose();
  });
});

test('texts without room are told of, in training and in evaluation', async () => {
  const long = (random: Random): Omit<Example, 'id'> => ({
    text: '',
    fields: { sentence1: 'it is bright '.repeat(20), sentence2: 'it is dark', label: random.integer(2) },
  });
  const warnings: string[] = [];
  const found = await measured(
    smallRun({ kind: 'glue', name: 'rte' }, { steps: 2 }),
    examples(20, 1, long),
    examples(20, 2, long),
    warnings,
  );
  const message =
    'the texts of 20 of 20 examples have more than the 15 tokens that the model reads, and are cut';
  expect(warnings.join()).toContain(`task glue: ${message}`);
  expect(found.warnings).toEqual([expect.stringContaining(message)]);
});

test('what cannot be is refused before a step', async () => {
  const registry = ownParts();
  const options = {
    data: dataOf(examples(20, 1, entailment('text')), captions),
    registry,
    reporter: silent,
    readTokenizer: () => expect.fail(),
  };
  const run = (task: Record<string, JsonValue>, change: Partial<RunConfigInput> = {}) =>
    runTraining({ ...options, config: smallRun(task, { steps: 1, ...change }) });
  await expect(run({ kind: 'classify', pictures: 0 })).rejects.toThrow('there is nothing to decide by');
  await expect(run({ kind: 'classify', labels: ['a', 'b'], vocabulary: 3 })).rejects.toThrow(
    '"labels" and "vocabulary" exclude each other',
  );
  await expect(run({ kind: 'classify', pictures: 'some' })).rejects.toThrow(
    'an integer from 0 to 8, or "any"',
  );
  await expect(run({ kind: 'glue', name: 'sts' })).rejects.toThrow('"name" must be one of cola, sst2');
  await expect(run({ kind: 'glue', name: 'cola', sentences: ['a', 'b'] })).rejects.toThrow(
    'a list of one field',
  );
  await expect(run({ kind: 'vqa' }, { regularization: { labelSmoothing: 0.1 } })).rejects.toThrow(
    'no "answer"',
  );
  const number = { kind: 'glue', name: 'stsb' };
  await expect(run(number, { regularization: { labelSmoothing: 0.1 } })).rejects.toThrow(
    '"labelSmoothing" goes with the target class',
  );
});
