import type { Checkpoint, CheckpointStorage } from '@simvlm/checkpoint';
import {
  type CallbackContext,
  type ProcessGroup,
  parameterCount,
  type Registry,
  type Task,
  type TrainCallback,
} from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import { type TrainResult, train } from '@simvlm/trainer';
import type * as tf from '@tensorflow/tfjs-core';
import { reportBeforeTraining, warmupWarning } from './before-training';
import { checkpointExtras } from './checkpoint';
import { LENGTHS, type RunConfig } from './config/schema';
import type { RunData, RunSource } from './data';
import { type StepEvaluation, scheduledEvaluation, validationPart } from './evaluation';
import { lastEvaluations } from './last-evaluations';
import { createModel, createModelFrom, type Vocabulary } from './model';
import { openForUse } from './open-checkpoint';
import type { Reporter } from './reporter';
import { countOf } from './skipped';
import { type Places, webPlaces } from './sources/places';
import { taskExamples } from './sources/task-examples';
import { type RunTask, runTask } from './task';
import { type ReadTokenizer, runTokenizer } from './tokenizer';

export interface TrainingOptions {
  readonly config: RunConfig;
  readonly data: RunData;
  readonly registry: Registry;
  readonly reporter: Reporter;
  readonly readTokenizer: ReadTokenizer;
  /** Where evaluators find other examples; default: on the web alone. */
  readonly places?: Places | undefined;
  /** Where checkpoints go; none in a process that writes nothing, which tells nothing of the texts either. */
  readonly storage?: CheckpointStorage | undefined;
  /** Go on from here. */
  readonly resume?: Checkpoint | undefined;
  /** Start a new run with the weights and the tokenizer of this checkpoint. */
  readonly init?: Checkpoint | undefined;
  /** What happens before the first step, with all that will be trained in its place. */
  readonly beforeStart?: (started: Started) => Promise<void>;
  /** What happens during training, for the model in training. */
  readonly callbacks?: (trained: Trained) => readonly TrainCallback[];
  readonly signal?: AbortSignal | undefined;
  /** Cores of this machine: how many threads decode pictures unless the configuration says. */
  readonly cores?: number | undefined;
  /** Train as one of several processes; the first of them writes. */
  readonly processes?: ProcessGroup<tf.Tensor> | undefined;
}

/** A model in training, with its tokenizer. */
export interface Trained {
  readonly model: SimVlm;
  readonly tokenizer: AnyTokenizer;
}

/** A training that is about to begin. */
export interface Started extends Trained {
  readonly task: Task;
}

/** What a training came to. */
export interface RunOutcome extends Trained {
  readonly result: TrainResult;
  /** What the evaluators found at the last step, with intervals; empty where it was not evaluated. */
  readonly evaluations: readonly StepEvaluation[];
}

/** Trains as the configuration says. The caller disposes the model. */
export async function runTraining(options: TrainingOptions): Promise<RunOutcome> {
  const { config, storage, data, registry, reporter, resume, init, signal, processes } = options;
  const given = resume ?? init;
  const opened = given && (await openForUse(given));
  const tokenizer = opened?.tokenizer ?? (await runTokenizer(config, data, options.readTokenizer));
  const model =
    opened && init
      ? await createModelFrom(opened, config, registry)
      : createModel(config, opened?.config ?? vocabularyOf(tokenizer), registry);
  let open: RunTask | undefined;
  try {
    const { isPictureOptional } = taskExamples(config, registry);
    reporter.note(
      `${sizeOf(data.train, isPictureOptional ? 'example' : 'picture')}, ${sizeOf(data.documents, 'document')}, ` +
        `${tokenizer.vocabSize.toLocaleString('en')} pieces, ${millions(parameterCount(model.params))} parameters` +
        (config.lora ? `, ${millions(parameterCount(model.trainable))} of them in adapters` : ''),
    );
    if (storage)
      await reportBeforeTraining(reporter, {
        ...{ config, data, tokenizer, maxTextLength: model.config.maxTextLength },
        tokenizerFrom: given ? 'checkpoint' : config.tokenizer.model === undefined ? 'text' : 'file',
      });
    const { checkpointBlocks: _, ...training } = config.training;
    const measured = validationPart(data, config);
    const trained = { model, tokenizer };
    const { cores } = options;
    open = await runTask({
      ...{ ...trained, config, data: measured, registry, cores, checkpoint: resume },
      ...(processes && { share: { rank: processes.rank, size: processes.size } }),
      onProblem: error => reporter.warn(error.message),
      warn: message => reporter.warn(message),
    });
    const { task } = open;
    await options.beforeStart?.({ ...trained, task });
    const { places = webPlaces } = options;
    const ending = lastEvaluations(reporter);
    const evaluation = scheduledEvaluation({
      ...{ ...trained, config, val: measured.val, task, registry, places },
      ...{ isLast: ending.isLast, onEvaluation: ending.add },
    });
    const result = await train({
      learner: task.learner,
      batches: task.batches,
      config: {
        ...config.optimizer,
        ...training,
        seed: config.seed,
        ...lengthOf(config),
        spikes: config.spikes,
        imageUse: config.evaluation.imageUse,
        ...evaluation.config,
        checkpointSeconds: config.checkpoints.seconds,
        ...(config.checkpoints.steps !== undefined && { checkpointSteps: config.checkpoints.steps }),
      },
      callbacks: [
        warmupWarning(reporter, config),
        ending.callback,
        ...(await configuredCallbacks(config, trained, registry)),
        ...(options.callbacks?.(trained) ?? []),
      ],
      ...(evaluation.evaluators && { evaluators: evaluation.evaluators }),
      ...(storage && { storage }),
      extras: await checkpointExtras(config, tokenizer, given),
      ...(resume && { resume }),
      ...(signal && { signal }),
      ...(processes && { processGroup: processes }),
    });
    return { model, tokenizer, result, evaluations: ending.at(result.step) };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    await open?.close();
  }
}

function vocabularyOf({ vocabSize, special: { pad, bos, eos } }: AnyTokenizer): Vocabulary {
  return { vocabSize, tokens: { pad, bos, eos } };
}

/** Those that the configuration names. */
function configuredCallbacks(
  { callbacks }: RunConfig,
  context: CallbackContext,
  registry: Registry,
): Promise<TrainCallback[]> {
  return Promise.all(
    callbacks.map(async ({ kind, ...options }) => registry.get('callback', kind)(options, context)),
  );
}

/** `1,200 pictures`; of records that nobody has counted, where they are. */
function sizeOf(sources: readonly RunSource[], noun: string): string {
  if (sources.every(({ length }) => length !== undefined))
    return countOf(
      sources.reduce((sum, { length = 0 }) => sum + length, 0),
      noun,
    );
  return `${noun}s of ${sources.map(({ source }) => source.name).join(' and ')}`;
}

/** What the run says of its length. */
function lengthOf(config: RunConfig): Pick<RunConfig, (typeof LENGTHS)[number]> {
  return Object.fromEntries(LENGTHS.flatMap(key => (config[key] === undefined ? [] : [[key, config[key]]])));
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(count < 1e5 ? 4 : 2)} M`;
}
