import { type ExampleDataset, type ExampleOutline, Registry } from '@simvlm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCatalog } from '../src/catalog';
import { phraseMatcher } from '../src/documents';
import { emojiPlugin } from '../src/index';
import { type EmojiSplit, emojiItem } from '../src/items';
import { assignSplits, chooseHeldOut, heldOutLabels, type SplitName } from '../src/splits';
import { classes } from '../src/tasks/classes';
import { entailment } from '../src/tasks/entailment';
import { pairs } from '../src/tasks/pairs';
import { questions } from '../src/tasks/questions';
import { sentencePairs } from '../src/tasks/sentence-pairs';
import { sentences } from '../src/tasks/sentences';
import { type TaskExample, type TaskPictures, type TaskSplit, taskRandom } from '../src/tasks/task-pictures';
import { translation } from '../src/tasks/translation';

const { pictures, labels } = readCatalog();
const heldOut = chooseHeldOut(pictures);
// Equal drawings have equal pixels, so that the whole set can be judged without drawing it.
const assigned = assignSplits(
  pictures,
  heldOut,
  pictures.map(picture => picture.svg()),
);

/** A split whose pictures are a pixel each, of one of three colours. */
function split(name: SplitName): EmojiSplit {
  const items = pictures.filter((_, i) => assigned[i] === name).map(picture => emojiItem(picture, heldOut));
  const colours = [
    [220, 20, 20],
    [20, 180, 30],
    [20, 40, 220],
  ];
  return {
    ...{ items, length: items.length },
    get: index => ({
      ...{ id: items[index]!.id, text: items[index]!.label },
      image: { width: 1, height: 1, data: Uint8Array.from(colours[index % 3]!) },
    }),
  };
}

const splits = { train: split('train'), val: split('val'), test: split('unseen-artist') };
const NAMES = ['train', 'val', 'test'] as const;
const made = (task: string, name: TaskSplit): TaskPictures => ({
  ...{ name, pictures: splits[name], known: splits.train, random: taskRandom(task, name) },
});

/** Every task by its name. */
const tasks: Record<string, (name: TaskSplit) => TaskExample[]> = {
  'emoji-questions': name => questions(made('emoji-questions', name)),
  'emoji-pairs': name => pairs(made('emoji-pairs', name)),
  'emoji-entailment': name => entailment(made('emoji-entailment', name), 'pictures'),
  'emoji-translation': name =>
    translation(made('emoji-translation', name), { from: 'en', to: 'de', masked: 0.5 }),
  'emoji-classes': name => classes(made('emoji-classes', name), 'group'),
  'wordnet-sentences': name => sentences(name, taskRandom('wordnet-sentences', name)),
  'wordnet-pairs': name => sentencePairs(name, taskRandom('wordnet-pairs', name)),
};
const all = new Map<string, Record<TaskSplit, TaskExample[]>>();
beforeAll(() => {
  for (const [task, make] of Object.entries(tasks))
    all.set(task, { train: make('train'), val: make('val'), test: make('test') });
});

const field = ({ fields }: ExampleOutline, name: string): string => {
  const value = fields![name]!;
  return String(Array.isArray(value) ? value[0] : value);
};

/** How often each answer is right, by what a blind reader sees. */
function answersBy(
  examples: readonly TaskExample[],
  seen: (example: TaskExample) => string,
  answer: (example: TaskExample) => string,
): number[][] {
  const counts = new Map<string, Map<string, number>>();
  for (const example of examples) {
    const own = counts.get(seen(example)) ?? new Map<string, number>();
    own.set(answer(example), (own.get(answer(example)) ?? 0) + 1);
    counts.set(seen(example), own);
  }
  return [...counts.values()].map(own => [...own.values()]);
}

describe('what is read without the picture says nothing', () => {
  test.each(NAMES)(
    'each answer to a question of %s is right equally often, and there are two or more',
    name => {
      const counts = answersBy(
        all.get('emoji-questions')![name],
        example => field(example, 'question'),
        example => field(example, 'answer'),
      );
      expect(counts.length).toBeGreaterThan(15);
      for (const own of counts) {
        expect(own.length).toBeGreaterThan(1);
        expect(new Set(own).size).toBe(1);
      }
    },
  );

  test.each(NAMES)('each sentence about two pictures of %s is as often true as false', name => {
    const counts = answersBy(
      all.get('emoji-pairs')![name],
      ({ text }) => text,
      example => field(example, 'label'),
    );
    expect(counts.length).toBeGreaterThan(35);
    for (const own of counts) expect(own).toEqual([own[0], own[0]]);
  });

  test.each(NAMES)('each hypothesis of %s has each of three labels equally often', name => {
    const counts = answersBy(
      all.get('emoji-entailment')![name],
      ({ text }) => text,
      example => field(example, 'label'),
    );
    expect(counts.length).toBeGreaterThan(30);
    for (const own of counts) expect(own).toEqual([own[0], own[0], own[0]]);
  });

  test.each(NAMES)('neither sentence of a pair of %s says whether the first entails the second', name => {
    for (const sentence of ['sentence1', 'sentence2'])
      for (const own of answersBy(
        all.get('wordnet-pairs')![name],
        example => field(example, sentence),
        example => field(example, 'label'),
      ))
        expect(own).toEqual([own[0], own[0]]);
  });

  test.each(NAMES)('there are as many sentences of each category in %s', name => {
    const [counts] = answersBy(
      all.get('wordnet-sentences')![name],
      () => '',
      example => field(example, 'label'),
    );
    expect(counts).toEqual(new Array(8).fill(counts![0]));
  });
});

describe('splits', () => {
  test('of every task are large enough, and no id comes twice', () => {
    for (const [task, { train, val, test: tested }] of all) {
      expect([task, train.length > 4000, val.length >= 350, tested.length >= 240]).toEqual([
        task,
        true,
        true,
        true,
      ]);
      for (const examples of [train, val, tested])
        expect(new Set(examples.map(({ id }) => id)).size, task).toBe(examples.length);
    }
  });

  test('show pictures of their own alone', () => {
    for (const name of NAMES) {
      const own = new Set(splits[name].items.map(({ id }) => id));
      for (const task of ['emoji-questions', 'emoji-entailment', 'emoji-translation', 'emoji-classes'])
        expect(all.get(task)![name].filter(({ id }) => !own.has(id.split(' ')[0]!))).toEqual([]);
    }
  });

  test('share no word whose definition is read, and none trains on a label that is held out', () => {
    const isHeldOut = phraseMatcher(heldOutLabels(labels, heldOut));
    for (const task of ['wordnet-sentences', 'wordnet-pairs']) {
      const { train, val, test: tested } = all.get(task)!;
      const idsOf = (examples: TaskExample[]) => new Set(examples.map(({ id }) => id.split('-')[1]!));
      const trained = idsOf(train);
      expect([...idsOf(val), ...idsOf(tested)].filter(id => trained.has(id))).toEqual([]);
      for (const example of train) if (isHeldOut(field(example, 'sentence1'))) throw new Error(example.id);
    }
  });

  test('are the same each time', () => {
    for (const [task, make] of Object.entries(tasks)) {
      const again = make('val').map(({ pictures: _, ...outline }) => outline);
      expect(again, task).toEqual(all.get(task)!.val.map(({ pictures: _, ...outline }) => outline));
    }
  });
});

describe('what is said is so', () => {
  const said = (task: string, id: string) => {
    const found = NAMES.flatMap(name => all.get(task)![name]).find(example => example.id === id);
    return found && field(found, task === 'emoji-questions' ? 'answer' : 'label');
  };

  test('of hypotheses, by WordNet', () => {
    const labelled = NAMES.flatMap(name => all.get('emoji-entailment')![name]);
    const labelsOf = (what: RegExp, text: string) => [
      ...new Set(
        labelled
          .filter(({ id, text: own }) => own === text && what.test(labelOf(id.split(' ')[0]!)))
          .map(example => field(example, 'label')),
      ),
    ];
    expect(labelsOf(/^(man|woman)? ?cook\b/, 'this is a cook')).toEqual(['entailment']);
    expect(labelsOf(/^(man|woman)? ?pilot\b/, 'this is a cook')).toEqual(['contradiction']);
    expect(labelsOf(/^(man|woman|person)(:|$)/, 'this is a cook')).toEqual(['neutral']);
    expect(labelsOf(/^man /, 'this is a woman')).toEqual(['contradiction']);
    expect(labelsOf(/^cook\b/, 'this is a woman')).toEqual(['neutral']);
    expect(labelsOf(/^bird$/, 'this is an eagle')).toEqual(['neutral']);
  });

  test('of questions, by labels and tones', () => {
    expect(said('emoji-questions', 'emojione/1f3fb is this a flag')).toBeUndefined();
    for (const { id, fields } of all.get('emoji-questions')!.train) {
      if (fields!.question !== 'what is the skin tone') continue;
      const answer = field({ id, text: '', fields: fields! }, 'answer');
      expect(labelOf(id.split(' ')[0]!)).toMatch(new RegExp(`[:,] ${answer} skin tone`));
    }
  });

  test('of two pictures: as often on the left as not, and ten people say it', () => {
    const { fields } = all.get('emoji-questions')!.val[0]!;
    expect(fields!.answer).toHaveLength(10);
    expect(all.get('emoji-pairs')!.val.every(({ pictures: own }) => own.length === 2)).toBe(true);
  });
});

describe('as plug-in sources', () => {
  const registry = new Registry().use(emojiPlugin);

  test.each([
    ['emoji-questions', { split: 'dev' }, /source emoji-questions: "split" must be one of/],
    ['emoji-pairs', { of: 'group' }, /source emoji-pairs: unknown key "of"/],
    ['emoji-entailment', { form: 'audio' }, /"form" must be one of/],
    ['emoji-translation', { to: 'xx' }, /"to" must be one of/],
    ['emoji-translation', { masked: 2 }, /"masked" must be/],
    ['wordnet-pairs', { size: 32 }, /source wordnet-pairs: unknown key "size"/],
  ])('%s refuses %j', async (name, options, message) => {
    await expect(registry.get('source', name)(options as never)).rejects.toThrow(message);
  });

  test('text alone has no pictures', async () => {
    const source = (await registry.get('source', 'wordnet-sentences')({ split: 'val' })) as ExampleDataset;
    expect((await source.get(0)).image).toBeUndefined();
    expect(source.outline!(0)).toEqual(await source.get(0));
  });
});

const labelOfId = new Map(pictures.map(({ id, label }) => [id, label.label]));
function labelOf(id: string): string {
  return labelOfId.get(id)!;
}
