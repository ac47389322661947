import type { Checkpoint } from '@simvlm/checkpoint';
import { ConfigError, type EvaluationSubject, type JsonValue, type Registry } from '@simvlm/core';
import type { Named } from '../config/sources';
import { openForUse } from '../open-checkpoint';
import { type Reporter, silent } from '../reporter';
import type { OpenOptions } from '../sources/open-source';
import { type OpenedTask, openTask } from '../task';
import type { EvaluationSet, SetUse } from './evaluation-set';
import { checkEvaluated } from './measure';
import { modelNames } from './models';
import { type NamedEvaluator, namedEvaluators } from './named-evaluators';
import { exampleOpener } from './open-examples';
import type { EvaluationRecord, EvaluationReport } from './report';
import { summaryOf } from './summary';

/** A checkpoint as a person names it. */
export interface NamedCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

export interface EvaluateOptions {
  readonly registry: Registry;
  readonly sets: readonly EvaluationSet[];
  /** Default: those of the task that a checkpoint was trained for. */
  readonly evaluators?: readonly Named[] | undefined;
  /** The task that the checkpoints are opened for; default: what each was trained for. */
  readonly task?: Named | undefined;
  /** Seeds of the evaluators that draw; default: their own, once. */
  readonly seeds?: readonly number[] | undefined;
  /** 95 % intervals over the examples. Default true. */
  readonly intervals?: boolean | undefined;
  /** How other examples are opened that an evaluator compares with; absent where nothing can be. */
  readonly places?: OpenOptions['places'] | undefined;
  /** Allows test splits among these. */
  readonly test?: boolean | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evaluates checkpoints one after another: each on every set, by every evaluator, with every seed. A part of a result is none: it all comes, or an
 * error.
 *
 * @throws ConfigError, PluginError for what cannot be evaluated so, before any model is loaded where that can be known; DataError for numbers that are
 *   none and ids that occur twice; what opening the checkpoints throws; the signal's reason on abort
 */
export async function evaluateCheckpoints(
  checkpoints: readonly NamedCheckpoint[],
  options: EvaluateOptions,
): Promise<EvaluationReport> {
  const { registry, evaluators = [], task, seeds } = options;
  checkDifferent(checkpoints, 'checkpoint');
  checkDifferent(options.sets, 'source');
  for (const { kind } of evaluators) registry.get('evaluator', kind);
  if (task) registry.get('task', task.kind);
  if (seeds && evaluators.length > 0) checkSeeds(registry, namedEvaluators(evaluators));
  const runs = [];
  for (const { name, checkpoint } of checkpoints)
    runs.push({ name, run: (await openForUse(checkpoint)).run });
  const models = modelNames(runs);
  const isOne = checkpoints.length === 1;
  const records: EvaluationRecord[] = [];
  for (const [index, { name, checkpoint }] of checkpoints.entries()) {
    options.signal?.throwIfAborted();
    const opened = await openTask(checkpoint, registry, task ?? impliedTask(evaluators));
    try {
      records.push(...(await evaluateOne({ name, model: models[index]!, isOne }, opened, options)));
    } finally {
      await opened.dispose();
    }
  }
  return { records, summary: summaryOf(records) };
}

/** A checkpoint among those that are evaluated. */
interface Subject {
  readonly name: string;
  /** See `modelNames`. */
  readonly model: string;
  /** It is the only one. */
  readonly isOne: boolean;
}

async function evaluateOne(
  of: Subject,
  opened: OpenedTask,
  options: EvaluateOptions,
): Promise<EvaluationRecord[]> {
  const { registry, sets, seeds, intervals = true, places, test = false, signal } = options;
  const { model, tokenizer, task, run, kind } = opened;
  const use: SetUse = {
    ...{ model: model.config, run },
    isPictureOptional: registry.get('task', kind).pictureless === 'examples',
  };
  const subject: EvaluationSubject = {
    ...{ model, tokenizer },
    ...(task.answer && { answer: task.answer }),
    ...(task.prompt !== undefined && { prompt: task.prompt }),
    ...(places && { open: exampleOpener(use, { registry, places, test }) }),
  };
  const records: EvaluationRecord[] = [];
  for (const set of sets) {
    const asked = namedEvaluators(evaluatorsFor(set, opened, options.evaluators));
    if (seeds) checkSeeds(registry, asked);
    const examples = await set.examples(use);
    for (const evaluator of asked)
      for (const seed of seedsOf(evaluator, registry, set, seeds)) {
        const { name, kind: evaluatorKind } = evaluator;
        const bar = (options.reporter ?? silent).bar(labelOf(of, set, name));
        const given: Record<string, JsonValue> = {
          ...evaluator.options,
          ...(seed !== undefined && { seed }),
        };
        const measure = registry.get('evaluator', evaluatorKind);
        try {
          const found = await measure(subject, examples, withCandidates(given, evaluator, set), {
            ...(signal && { signal }),
            onProgress: (done, total) => bar.update(done, total),
            intervals,
          });
          checkEvaluated(`the evaluator ${name} on ${set.name}`, found);
          records.push({
            ...{ model: of.model, checkpoint: of.name, task: kind, source: set.name, evaluator: name },
            ...(run && { trainingSeed: run.seed }),
            options: given,
            ...(seed !== undefined && { seed }),
            ...found,
          });
        } finally {
          bar.stop();
        }
      }
  }
  return records;
}

/** Rows are told apart by these names. */
function checkDifferent(named: readonly { readonly name: string }[], what: string): void {
  const names = named.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw new ConfigError('CONFIG_INVALID', `the ${what} ${twice} is given twice: once is enough`);
}

/** Those that were asked for, else those of a captioner on this set, else those of the task. */
function evaluatorsFor(
  { name, evaluators }: EvaluationSet,
  { task, run, kind }: OpenedTask,
  asked: readonly Named[] | undefined,
): readonly Named[] {
  if (asked && asked.length > 0) return asked;
  if (evaluators && task.evaluators.includes('caption')) return evaluators(run);
  if (task.evaluators.length > 0) return task.evaluators.map(each => ({ kind: each }));
  throw new ConfigError(
    'CONFIG_INVALID',
    `nothing is measured on ${name}: the task ${kind} names no evaluators; give one with --evaluator`,
  );
}

/** What only a task that answers can be measured by: a captioner is opened for questions then. */
function impliedTask(evaluators: readonly Named[]): string | undefined {
  return evaluators.some(({ kind }) => kind === 'answers') ? 'answer' : undefined;
}

function checkSeeds(registry: Registry, evaluators: readonly NamedEvaluator[]): void {
  if (evaluators.some(({ kind, options }) => registry.get('evaluator', kind).draws?.(options))) return;
  throw new ConfigError(
    'CONFIG_INVALID',
    `seeds are for evaluators that draw, such as choice; ${evaluators.map(({ kind }) => kind).join(', ')} would measure the same each time`,
  );
}

/** Where nothing is drawn once is enough. */
function seedsOf(
  { kind, options }: NamedEvaluator,
  registry: Registry,
  { candidates }: EvaluationSet,
  seeds: readonly number[] | undefined,
): readonly (number | undefined)[] {
  const isDrawn =
    registry.get('evaluator', kind).draws?.(options) === true && !takesCandidates(kind, options, candidates);
  return seeds && isDrawn ? seeds : [undefined];
}

/** The candidates of a set are for a choice that asks for none of its own. */
function takesCandidates(
  kind: string,
  options: NamedEvaluator['options'],
  candidates: EvaluationSet['candidates'],
): boolean {
  return kind === 'choice' && candidates !== undefined && Object.keys(options).length === 0;
}

function withCandidates(
  given: Readonly<Record<string, JsonValue>>,
  { kind, options }: NamedEvaluator,
  { candidates }: EvaluationSet,
): Readonly<Record<string, JsonValue>> {
  if (!takesCandidates(kind, options, candidates)) return given;
  return { ...given, candidates: candidates as Record<string, string[]> };
}

/** Such as `evaluating: choice on emoji val`; of several checkpoints which. */
function labelOf({ name, isOne }: Subject, set: EvaluationSet, evaluator: string): string {
  return `evaluating${isOne ? '' : ` ${name}`}: ${evaluator} on ${set.name}`;
}
