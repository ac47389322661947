import { checkOptions, type ExampleDataset, type OptionRule, type Registry, rule } from '@simvlm/core';
import { drawingRules, type EmojiDatasetOptions } from '../dataset';
import { classes } from './classes';
import { entailment, type PremiseForm } from './entailment';
import { languageRule } from './languages';
import { pairs } from './pairs';
import { questions } from './questions';
import { sentencePairs } from './sentence-pairs';
import { sentences } from './sentences';
import {
  splitRule,
  type TaskExample,
  type TaskPictures,
  type TaskSplit,
  taskDataset,
  taskPictures,
  taskRandom,
} from './task-pictures';
import { type TranslationOptions, translation } from './translation';

const FORMS = ['pictures', 'text'] as const satisfies readonly PremiseForm[];
const CLASSES = ['group', 'subgroup'] as const;

/**
 * Registers the sources of small tasks: the paper's, on pictures and texts that come with the package. Each takes `split`: `train` (the default),
 * `val`, or `test`, which is the artist that no model has seen, or words that none has.
 */
export function registerTasks(registry: Registry): void {
  /** A task on pictures with options of its own, which are given with their defaults. */
  function pictured<O extends object>(
    name: string,
    rules: Readonly<Record<keyof O & string, OptionRule>>,
    defaults: O,
    make: (pictures: TaskPictures, options: O) => readonly TaskExample[],
  ): void {
    registry.register('source', name, async (given): Promise<ExampleDataset> => {
      checkOptions(`source ${name}`, given, { split: splitRule, ...drawingRules, ...rules });
      const { split = 'train', size, cacheDir, limit, ...own } = given;
      const drawing = Object.fromEntries(
        Object.entries({ size, cacheDir, limit }).filter(([, value]) => value !== undefined),
      ) as EmojiDatasetOptions;
      const pictures = await taskPictures(name, split as TaskSplit, drawing);
      return taskDataset(make(pictures, { ...defaults, ...own }));
    });
  }
  function written(name: string, make: typeof sentences): void {
    registry.register('source', name, async (given): Promise<ExampleDataset> => {
      checkOptions(`source ${name}`, given, { split: splitRule });
      const split = (given.split ?? 'train') as TaskSplit;
      return taskDataset(make(split, taskRandom(name, split)));
    });
  }
  pictured('emoji-questions', {}, {}, questions);
  pictured('emoji-pairs', {}, {}, pairs);
  pictured<{ form: PremiseForm }>(
    'emoji-entailment',
    { form: rule.oneOf(...FORMS) },
    { form: 'pictures' },
    (pictures, { form }) => entailment(pictures, form),
  );
  pictured<TranslationOptions>(
    'emoji-translation',
    { from: languageRule, to: languageRule, masked: rule.number(0, 1) },
    { from: 'en', to: 'de', masked: 0.5 },
    translation,
  );
  pictured<{ of: (typeof CLASSES)[number] }>(
    'emoji-classes',
    { of: rule.oneOf(...CLASSES) },
    { of: 'group' },
    (pictures, { of }) => classes(pictures, of),
  );
  written('wordnet-sentences', sentences);
  written('wordnet-pairs', sentencePairs);
}
