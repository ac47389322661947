import { type Checkpoint, fileOf, memoryStorage } from '@simvlm/checkpoint';
import type { Evaluation, Example, JsonValue, Random } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCaptioner, openTask, ownParts, runTraining, silent } from '../src/index';
import { dataOf, examples, grey, smallRun } from './bright-or-dark';

beforeAll(() => pickBackend({ prefer: 'wasm' }));

const registry = ownParts();

/** A picture, bright or dark, with its caption and questions. */
const described = (random: Random): Omit<Example, 'id'> => {
  const [bright, asked] = [random.integer(2) === 1, random.integer(2) === 1];
  return {
    text: bright ? 'a day' : 'a night',
    image: grey(bright, random),
    fields: { question: asked ? 'is it bright' : 'is it dark', answer: bright === asked ? 'yes' : 'no' },
  };
};

/** `la` is `the day` or `the night`, which a picture shows, as the words of `full` do. */
const sentence =
  (isPictured: boolean) =>
  (random: Random): Omit<Example, 'id'> => {
    const [bright, colour] = [random.integer(2) === 1, ['rojo', 'azul', 'verde'][random.integer(3)]!];
    const english = { rojo: 'red', azul: 'blue', verde: 'green' }[colour];
    const what = bright ? 'day' : 'night';
    return {
      text: '',
      ...(isPictured && { image: grey(bright, random) }),
      fields: {
        source: isPictured ? `la ${colour}` : `${bright ? 'dia' : 'noche'} ${colour}`,
        target: [`the ${english} ${what}`],
        other: colour,
        tongue: 'English',
      },
    };
  };

const captions = [
  ...['a day', 'a night', 'is it bright', 'is it dark', 'yes', 'no', 'a picture of', 'to English:'],
  ...['the red day', 'the blue night', 'the green day', 'la rojo', 'la azul', 'la verde', 'dia', 'noche'],
];

async function trained(
  given: ReturnType<typeof smallRun>,
  train: readonly Example[],
  resume?: Checkpoint,
): Promise<Checkpoint> {
  const storage = memoryStorage();
  const options = {
    data: dataOf(train, captions),
    registry,
    reporter: silent,
    readTokenizer: () => expect.fail(),
  };
  (await runTraining({ ...options, config: given, storage, ...(resume && { resume }) })).model.dispose();
  return (await storage.latest())!;
}

/** What an evaluator says of a checkpoint; by default the first of its task. */
async function measured(
  checkpoint: Checkpoint,
  val: readonly Example[],
  name?: string,
  options: Record<string, JsonValue> = {},
): Promise<Evaluation> {
  const { task, model, tokenizer, dispose } = await openTask(checkpoint, registry);
  const subject = {
    ...{ model, tokenizer, answer: task.answer! },
    ...(task.prompt !== undefined && { prompt: task.prompt }),
  };
  const evaluate = registry.get('evaluator', name ?? task.evaluators[0]!);
  const found = await evaluate(subject, arrayDataset(val), options);
  await dispose();
  return found;
}

describe('caption', () => {
  const task = { kind: 'caption', prompt: 'a picture of' };

  test('one statement serves training, evaluators and captions: the prompt is read, not compared, not printed', async () => {
    const checkpoint = await trained(smallRun(task, { steps: 80 }), examples(120, 1, described));
    const val = examples(30, 2, described);
    for (const name of ['caption', 'answers'])
      expect((await measured(checkpoint, val, name)).items![0]!.text).toBe(val[0]!.text);
    expect((await measured(checkpoint, val)).metrics).toMatchObject({ exactMatch: 1, count: 30 });
    // The model has learnt nothing without its prompt.
    const chosen = async (prompt: string) =>
      (await measured(checkpoint, val, 'choice', { prompt, choices: 2 })).items!;
    const right = (items: Awaited<ReturnType<typeof chosen>>) =>
      items.reduce((sum, { scores }) => sum + Math.max(...(scores as number[])), 0);
    expect(right(await chosen('a picture of'))).toBeGreaterThan(right(await chosen('')));

    const captioner = await openCaptioner(checkpoint);
    const [image] = [val[0]!.image!];
    expect(captioner.prompt).toBe('a picture of');
    expect((await captioner.caption([image]))[0]!.text).toBe(val[0]!.text);
    const [spoken] = await captioner.caption([image], { prompt: 'a picture of' });
    expect(spoken!.text).toBe(`a picture of ${val[0]!.text}`);
    const own = await captioner.score(image, val[0]!.text);
    expect(own.logProb).toBe((await captioner.score(image, val[0]!.text, 'a picture of')).logProb);
    expect(own.logProb).toBeGreaterThan((await captioner.score(image, val[0]!.text, '')).logProb);
    captioner.dispose();
  });

  test('a prompt that leaves no room is refused', async () => {
    const long = { kind: 'caption', prompt: 'a picture of '.repeat(8) };
    await expect(trained(smallRun(long), examples(20, 1, described))).rejects.toThrow(
      /the prompt has \d+ tokens; the model reads 16 with the caption and its end/,
    );
  });
});

describe('answer', () => {
  const train = examples(160, 1, described);
  const val = examples(40, 2, described);

  test('candidates of the training data are in the checkpoint, and nothing else is said', async () => {
    const task = { kind: 'answer', candidates: 'training' };
    const checkpoint = await trained(smallRun(task, { steps: 160 }), train);
    const counts = ['yes', 'no'].map(
      text => [text, train.filter(({ fields }) => fields!.answer === text).length] as const,
    );
    const frequent = counts.sort((a, b) => b[1] - a[1]).map(([text]) => text);
    expect(JSON.parse(new TextDecoder().decode(await fileOf(checkpoint, 'candidates.json')))).toEqual(
      frequent,
    );
    expect((await measured(checkpoint, val)).metrics.accuracy).toBeGreaterThan(0.95);
  });

  test('a model that prefers another word cannot say it', async () => {
    const free = await trained(smallRun({ kind: 'answer' }, { steps: 160 }), train);
    expect((await measured(free, val)).metrics.accuracy).toBeGreaterThan(0.95);
    for (const normalise of ['sum', 'length']) {
      const task = { kind: 'answer', candidates: ['no', 'a night', 'the red day'], normalise };
      const limited = await trained(smallRun(task, { steps: 160 }), train);
      const { items, metrics } = await measured(limited, val);
      const said = new Set(items!.map(({ text }) => text as string));
      expect([...said].filter(text => !task.candidates.includes(text))).toEqual([]);
      // What is not among them is never right.
      const possible = val.filter(({ fields }) => fields!.answer === 'no').length / val.length;
      expect(metrics.accuracy).toBeLessThanOrEqual(possible);
    }
  });

  test.each([
    [{ candidates: [] }, 'there are no candidates'],
    [{ candidates: ['no', 'no'] }, 'the candidate "no" is there twice'],
    [{ candidates: ['no', 'the red day '.repeat(5)] }, /"the red day .*" has \d+ tokens; allowed are 1 to 5/],
    [{ candidates: ['no', ' '] }, 'the candidate " " has 0 tokens'],
    [{ candidates: 'test' }, '"candidates" must be "training" or a list of texts'],
    [{ normalise: 'length' }, '"normalise" is for "candidates"'],
  ])('%j is refused', async (options, message) => {
    await expect(trained(smallRun({ kind: 'answer', ...options } as never), train)).rejects.toThrow(message);
  });
});

describe('translate', () => {
  const pictured = examples(240, 1, sentence(true));

  test.each(['encoder-decoder', 'decoder-only'])(
    '%s: a word that the picture alone shows is learnt, in any mixture with text alone',
    async architecture => {
      const model = { ...(smallRun({ kind: 'translate' }).model as object), architecture } as never;
      const train = [...pictured, ...examples(80, 3, sentence(false))];
      const checkpoint = await trained(smallRun({ kind: 'translate' }, { steps: 260, model }), train);
      const [seen, read] = [examples(40, 2, sentence(true)), examples(20, 4, sentence(false))];
      const found = await measured(checkpoint, seen);
      expect(found.signatures!.bleu).toMatch(/^nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version:/);
      const exact = async (val: readonly Example[]) =>
        (await measured(checkpoint, val, 'answers')).metrics.accuracy;
      expect(await exact(seen)).toBeGreaterThan(0.9);
      expect(await exact([...read, ...seen.slice(0, 3)])).toBeGreaterThan(0.9);
      // Blank pictures leave a guess between two words.
      const blank = seen.map(each => ({
        ...each,
        image: { ...each.image!, data: new Uint8Array(192).fill(128) },
      }));
      expect(await exact(blank)).toBeLessThan(0.75);
    },
  );

  test('it goes on exactly where it stopped', async () => {
    const task = { kind: 'translate', language: 'tongue' };
    const train = [...pictured.slice(0, 40), ...examples(20, 3, sentence(false))];
    // A schedule that does not know how long the run is.
    const optimizer = { learningRate: 0.01, schedule: 'constant', warmup: 2 } as const;
    const until = (steps: number) => smallRun(task, { steps, optimizer });
    const whole = await trained(until(8), train);
    const resumed = await trained(until(8), train, await trained(until(5), train));
    expect(await fileOf(resumed, 'weights.safetensors')).toEqual(await fileOf(whole, 'weights.safetensors'));
  });

  test('pictures may be left out or asked for, and what does not fit is counted', async () => {
    const both = [...pictured.slice(0, 6), ...examples(4, 3, sentence(false))];
    const count = async (pictures: JsonValue) => {
      const checkpoint = await trained(smallRun({ kind: 'translate', pictures }), both);
      const { metrics, skipped } = await measured(checkpoint, [
        ...both,
        { id: 'empty', text: '', fields: { source: ' ', target: 'x' } },
        { id: 'none', text: '', fields: { source: 'la rojo' } },
      ]);
      return [metrics.count, skipped!.draws];
    };
    expect(await count('any')).toEqual([10, 2]);
    expect(await count(0)).toEqual([10, 2]);
    expect(await count(1)).toEqual([6, 6]);
  });
});
