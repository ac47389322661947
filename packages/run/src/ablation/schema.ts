import type { JsonValue } from '@simvlm/core';
import * as z from 'zod';
import { flag, integer, oneOf, section, text } from '../config/leaves';
import { about } from '../config/sections';
import { named, type Options, source } from '../config/sources';
import { namedTestSplit } from '../sources/test-split';

const values = 'an object of values such as {"optimizer.learningRate": 1e-3}';

/** Values by the dotted keys of a run configuration. */
const changes = z.record(z.string(), z.unknown(), values) as unknown as z.ZodType<
  Readonly<Record<string, JsonValue>>
>;

const cell = section(
  {
    set: changes
      .describe('Values of the configuration by their dotted keys, such as `data.train`; `null` removes one.')
      .default({}),
    after: text(
      'The name of another cell: each run begins with the weights of the run of that cell with the same seed.',
    ).optional(),
    hidden: flag(
      'It is there for the cells that begin after it: it is trained, but not evaluated, and has no row in the table unless a run of it fails.',
    ).default(false),
  },
  'What is special about a cell.',
);

const evaluation = section(
  {
    name: text('What results are called by: `val` makes `val/caption/wordF1`.'),
    data: source.describe(
      'Examples: a path, `{ "path": … }` or `{ "source": NAME, … }`; `emoji` and its splits `val`, `unseen-artist`, `unseen-composition` and `unseen-concept` as in `simvlm eval emoji`.',
    ),
    evaluators: z
      .array(named('an evaluator'), 'a list of evaluators such as {"kind": "caption"}')
      .min(1, 'a list of evaluators such as {"kind": "caption"}')
      .describe('What is measured, each with its options.'),
    test: flag(
      'These are test data, as those of a split that is called so are: they are read with `--test` alone.',
    ).default(false),
  },
  'What is measured of each trained model.',
);

const metric = z.union(
  [
    z.string(),
    section(
      {
        name: text('`EVALUATION/EVALUATOR/METRIC`.'),
        title: text('What the table calls it. Default: the name.').optional(),
        percent: flag('Shows a share from 0 to 1 as per cent.').default(false),
      },
      'A column of the table.',
    ),
  ],
  'the name of a metric, or {"name": …, "title": …}',
);

const dimension = z.union(
  [z.array(z.unknown(), 'a list of values').min(1, 'a list of values'), z.record(z.string(), z.unknown())],
  'a list of values, or an object of named values',
) as unknown as z.ZodType<readonly JsonValue[] | Readonly<Record<string, JsonValue>>>;

/** The one description of a grid: the type, the check and the JSON Schema come from it. */
export const gridSchema = z
  .strictObject(
    {
      $schema: text('The JSON Schema of this file, for editors.').optional(),
      about: about.optional(),
      base: z
        .union(
          [z.string(), z.record(z.string(), z.unknown()) as unknown as z.ZodType<Options>],
          'a file, the name of a recipe, or a run configuration',
        )
        .describe('What all cells begin from: a run configuration, its file, or the name of a recipe.'),
      set: changes.describe('Values that all cells have in place of those of the base.').default({}),
      grid: z
        .record(
          z.string(),
          dimension,
          'an object of lists such as {"objective.kind": ["prefix-lm", "causal-lm"]}',
        )
        .describe(
          'Values to combine, by the key that takes them: each combination is a cell. A list of plain values, or an object that names them. Excludes `cells`.',
        )
        .optional(),
      cells: z
        .record(z.string(), cell, 'an object of cells by their names')
        .describe('Cells by their names, in the order of the table. Excludes `grid`.')
        .optional(),
      seeds: z
        .array(integer(0, undefined, ''), 'a list of integers ≥ 0')
        .min(1, 'a list of integers ≥ 0')
        .describe('Each cell is trained once with each of them.')
        .default([1, 2, 3]),
      checkpoint: oneOf(
        ['last', 'best'],
        'Which weights are evaluated: the last, or the best by the metric of the run.',
      ).default('last'),
      evaluations: z
        .array(evaluation, 'a list of evaluations such as {"name": "val", "data": …, "evaluators": […]}')
        .describe('What is measured after training.')
        .default([]),
      metrics: z
        .array(metric, 'a list of names of metrics')
        .min(1, 'a list of names of metrics')
        .describe(
          'The columns of the table: `EVALUATION/EVALUATOR/METRIC`, or `training/NAME` for the last value in training, such as `training/val/loss` or `training/seconds`.',
        ),
    },
    'an object',
  )
  .describe('A grid of training runs, for `simvlm ablate`.');

export type GridConfig = Omit<z.output<typeof gridSchema>, '$schema'>;
export type GridEvaluation = GridConfig['evaluations'][number];

/** Whether an evaluation reads test data. */
export function isTest({ test, data }: Pick<GridEvaluation, 'test' | 'data'>): boolean {
  return test || namedTestSplit(data) !== undefined;
}

/** A column of the table. */
export interface GridMetric {
  readonly name: string;
  readonly title: string;
  readonly percent: boolean;
}

/** The columns of a grid, with every default. */
export function metricsOf({ metrics }: GridConfig): readonly GridMetric[] {
  return metrics.map(each => {
    if (typeof each === 'string') return { name: each, title: each, percent: false };
    return { title: each.name, ...each };
  });
}

/** The JSON Schema of a grid, as `grid.schema.json` of this package has it. */
export function gridJsonSchema(): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(gridSchema, { io: 'input', target: 'draft-7' });
}
