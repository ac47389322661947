import {
  ConfigError,
  type Evaluation,
  type ExampleDataset,
  type Registry,
  type Task,
  type Tokenizer,
} from '@simvlm/core';
import { subset } from '@simvlm/data';
import type { SimVlm } from '@simvlm/model';
import { type Evaluators, type TrainConfig, validationLoss } from '@simvlm/trainer';
import { isEmoji } from './config/resolve';
import type { RunConfig } from './config/schema';
import { sourceList } from './config/sources';
import type { RunData } from './data';
import { namedEvaluators } from './evaluate/named-evaluators';
import { exampleOpener } from './evaluate/open-examples';
import type { Places } from './sources/places';
import { taskExamples } from './sources/task-examples';
import { namedTestSplit, refuseTestSplit } from './sources/test-split';

/** What is measured during a training, of what it trains. */
interface Measured {
  readonly config: RunConfig;
  /** As `validationPart` cuts it. */
  readonly val?: ExampleDataset | undefined;
  readonly task: Task;
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
  readonly registry: Registry;
  /** Where evaluators find other examples. */
  readonly places: Places;
  /** Whether a step is known to be the last: its evaluation has intervals. */
  readonly isLast: (step: number) => boolean;
  /** Hears what each evaluator found. */
  readonly onEvaluation?: ((found: StepEvaluation) => void) | undefined;
}

/** What an evaluator found at a step of a training. */
export interface StepEvaluation extends Omit<Evaluation, 'items'> {
  readonly step: number;
  /** Its name: see `namedEvaluators`. */
  readonly evaluator: string;
}

/**
 * Refuses what needs evaluations where none are scheduled, evaluators that nobody registered, and a test split to choose by.
 *
 * @throws ConfigError, PluginError
 */
export function checkEvaluation(config: RunConfig, registry: Registry): void {
  const { evaluation, earlyStopping, data } = config;
  for (const { kind } of evaluation.evaluators ?? []) registry.get('evaluator', kind);
  if (data.val !== undefined)
    for (const source of sourceList(data.val)) refuseTestSplit('"data.val"', namedTestSplit(source));
  if (isScheduled(config)) {
    if (data.val === undefined && data.valShare === undefined && !isEmoji(data.train))
      throw new ConfigError(
        'CONFIG_INVALID',
        '"evaluation": this run has no validation pictures; give "data.val" or "data.valShare"',
      );
    return;
  }
  const needy = earlyStopping ? 'earlyStopping' : evaluation.best ? 'evaluation.best' : undefined;
  if (needy)
    throw new ConfigError(
      'CONFIG_INVALID',
      `"${needy}" needs evaluations: give "evaluation.steps" or "evaluation.seconds"`,
    );
}

/** The data of a run with as many validation pictures as are measured during training. */
export function validationPart<D extends Pick<RunData, 'val'>>(data: D, { evaluation }: RunConfig): D {
  const { val } = data;
  if (!val || val.length <= evaluation.pictures) return data;
  return { ...data, val: subset(val, [...Array(evaluation.pictures).keys()]) };
}

/** Evaluators, and the part of the trainer's configuration that says when they measure and what for. */
export function scheduledEvaluation(
  measured: Measured,
): Partial<{ evaluators: Evaluators; config: Partial<TrainConfig> }> {
  const { config, task } = measured;
  const { steps, seconds, best = task.metric } = config.evaluation;
  if (!isScheduled(config)) return {};
  return {
    evaluators: evaluatorsOf(measured),
    config: {
      ...(steps !== undefined && { evaluateSteps: steps }),
      ...(seconds !== undefined && { evaluateSeconds: seconds }),
      ...(config.earlyStopping && { earlyStopping: config.earlyStopping }),
      best,
    },
  };
}

/** `val`, the loss, and those of the configuration, else those of the task, by their names. */
function evaluatorsOf(measured: Measured): Evaluators {
  const { config, val, task, model, tokenizer, registry, places, isLast, onEvaluation } = measured;
  const asked = config.evaluation.evaluators ?? task.evaluators.map(kind => ({ kind }));
  const { isPictureOptional } = taskExamples(config, registry);
  const subject = {
    ...{ model, tokenizer, ...(task.answer && { answer: task.answer }) },
    ...(task.prompt !== undefined && { prompt: task.prompt }),
    open: exampleOpener({ model: model.config, run: config, isPictureOptional }, { registry, places }),
  };
  const named = namedEvaluators(asked).map(({ name, kind, options }) => {
    const measure = registry.get('evaluator', kind);
    const evaluate = async (step: number, signal?: AbortSignal) => {
      const context = { ...(signal && { signal }), intervals: isLast(step) };
      const { items: _, ...found } = await measure(subject, val!, options, context);
      onEvaluation?.({ step, evaluator: name, ...found });
      return found.metrics;
    };
    return [name, evaluate] as const;
  });
  return {
    ...(task.validation && { val: validationLoss(task.learner, task.validation) }),
    ...Object.fromEntries(named),
  };
}

function isScheduled({ evaluation: { steps, seconds } }: RunConfig): boolean {
  return steps !== undefined || seconds !== undefined;
}
