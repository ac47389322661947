import {
  checkOptions,
  type JsonValue,
  type Metric,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { type ClassifierSpec, classifier } from './classify/classifier';

type Options = Readonly<Record<string, JsonValue>>;

interface GlueTask {
  /** Sentences that are compared, or the one that is judged. */
  readonly sentences: 1 | 2;
  /** In the order of Hugging Face's numbers. */
  readonly decides: ClassifierSpec['decides'];
  /** The number by which GLUE compares models; F1 is of the label `1`. */
  readonly metric: `labels/${'accuracy' | 'f1' | 'matthews'}` | `regression/${'pearson' | 'spearman'}`;
}

const yesOrNo = { labels: ['0', '1'] };
const follows = { labels: ['entailment', 'not_entailment'] };

const tasks = {
  cola: { sentences: 1, decides: yesOrNo, metric: 'labels/matthews' },
  sst2: { sentences: 1, decides: yesOrNo, metric: 'labels/accuracy' },
  mrpc: { sentences: 2, decides: yesOrNo, metric: 'labels/f1' },
  qqp: { sentences: 2, decides: yesOrNo, metric: 'labels/f1' },
  stsb: { sentences: 2, decides: 'number', metric: 'regression/pearson' },
  mnli: {
    ...{ sentences: 2, decides: { labels: ['entailment', 'neutral', 'contradiction'] } },
    metric: 'labels/accuracy',
  },
  qnli: { sentences: 2, decides: follows, metric: 'labels/accuracy' },
  rte: { sentences: 2, decides: follows, metric: 'labels/accuracy' },
  wnli: { sentences: 2, decides: yesOrNo, metric: 'labels/accuracy' },
} as const satisfies Record<string, GlueTask>;

const names = Object.keys(tasks) as (keyof typeof tasks)[];

/**
 * `glue`: a task of GLUE (Wang et al., 2019), text alone. The sentence, or the first of two, is the prefix; the decoder reads the second. `fields.label` is what
 * the task's files have: its name, or the number that Hugging Face gives it.
 *
 * Options:
 * - `name`: `cola`, `sst2`, `mrpc`, `qqp`, `stsb`, `mnli`, `qnli`, `rte` or `wnli`
 * - `sentences`: the fields of the sentences; default `["sentence1", "sentence2"]`, of which a single sentence is the first
 */
export const glueTask: TaskFactory = Object.assign(
  (options: Options, context: TaskContext<SimVlm>) => {
    const { decides, metric, sentences } = glueOf(options);
    const [prefix, reads] = fieldsOf(options, sentences);
    return classifier(
      {
        ...{ where: 'task glue', pictures: 0, prefix, reads, decides },
        evaluators: [metric.slice(0, metric.indexOf('/'))],
        metric: { name: metric, better: 'higher' } satisfies Metric,
      },
      context,
    );
  },
  {
    pictureless: 'examples',
    fields: (options: Options) => fieldsOf(options, glueOf(options).sentences),
  } as const,
);

/** @throws ConfigError for what is no task of GLUE, or another number of sentences */
function glueOf({ name, ...options }: Options): GlueTask {
  const task = tasks[name as keyof typeof tasks] as GlueTask | undefined;
  const count = task?.sentences ?? 2;
  checkOptions(
    'task glue',
    { ...options, name: name ?? null },
    {
      name: rule.oneOf(...names),
      sentences: {
        expected: `a list of ${count === 1 ? 'one field' : 'two fields'}`,
        accepts: value => rule.strings.accepts(value) && (value as readonly string[]).length === count,
      },
    },
  );
  return task!;
}

function fieldsOf({ sentences = ['sentence1', 'sentence2'] }: Options, count: number): readonly string[] {
  return (sentences as readonly string[]).slice(0, count);
}
