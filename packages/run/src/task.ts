import {
  type Checkpoint,
  checkFits,
  fileOf,
  finiteTensors,
  openTensors,
  restoreParameters,
  TENSORS,
} from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  type Registry,
  type Share,
  type Task,
  type Tokenizer,
} from '@simvlm/core';
import { arrayDataset, datasetSource } from '@simvlm/data';
import { numberTensors, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { deviceWriter } from '@simvlm/ops';
import { withPluginAdvice } from './checkpoint';
import type { RunConfig } from './config/schema';
import type { Named } from './config/sources';
import type { RunData } from './data';
import { checkpointTask, importedRun } from './imported-run';
import { modelTokenizer } from './model-tokenizer';
import { openForUse } from './open-checkpoint';
import { openStreams, outlinesOf, stillsOf } from './streams';

interface TaskParts {
  readonly config: RunConfig;
  readonly data: Pick<RunData, 'train' | 'val' | 'documents'>;
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
  readonly registry: Registry;
  /** The checkpoint that is resumed or evaluated. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Which of several processes this is; default: the only one. */
  readonly share?: Share | undefined;
  readonly onProblem?: ((error: Error) => void) | undefined;
  /** Is told what people should know of the data before the first step. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Cores of this machine; default: what a page is told, else 1. */
  readonly cores?: number | undefined;
}

/** A task with what reads its data. */
export interface RunTask {
  readonly task: Task;
  /** Frees what the task has and ends its workers; before the model. */
  close(): Promise<void>;
}

/** What a run is trained for: the task that its configuration names. The caller closes it. */
export async function runTask({
  config,
  data,
  model,
  registry,
  checkpoint,
  share = { rank: 0, size: 1 },
  onProblem,
  warn,
  cores = globalThis.navigator?.hardwareConcurrency ?? 1,
  ...given
}: TaskParts): Promise<RunTask> {
  const { kind, ...options } = config.task;
  const makeTask = registry.get('task', kind);
  const { pictureless } = makeTask;
  const { maxTextLength } = model.config;
  const tokenizer = modelTokenizer(given.tokenizer, model.config);
  const objective = ({ kind, ...options }: Named) =>
    registry.get('objective', kind)(options, { tokenizer, maxTextLength });
  const { train, documents, close } = await openStreams({
    ...{ config, data, model: model.config, objective, cores, share, onProblem },
    ...(pictureless && { pictureless }),
  });
  try {
    const task = await makeTask(options, {
      ...{ model, tokenizer, seed: config.seed, batch: config.batch },
      ...(train && { train }),
      ...(documents && { documents }),
      outlines: () => outlinesOf(data.train),
      stills: () => stillsOf(data.train, model.config),
      ...(data.val && { val: data.val }),
      objective: objective(config.objective),
      regularization: config.regularization,
      checkpointBlocks: config.training.checkpointBlocks,
      ...(warn && { warn }),
      ...(checkpoint && { savedFile: name => fileOf(checkpoint, name) }),
    });
    return {
      task,
      async close() {
        task.dispose?.();
        await task.batches.close?.();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of a model that is used, and not trained: a source that is never read. */
const nothing = { train: [{ source: datasetSource(arrayDataset([])) }], documents: [] } as const;

/** A task with its trained model. */
export interface OpenedTask {
  readonly task: Task;
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
  /** The run that wrote the checkpoint; none of a model that was imported. */
  readonly run: RunConfig | undefined;
  /** The task that it is opened for. */
  readonly kind: string;
  dispose(): Promise<void>;
}

/**
 * What a checkpoint was trained for, with all its weights: those of the model, and those that the task has beside it, such as a classifier's
 * head.
 *
 * @param wanted the task that it is opened for: with options whatever it was trained for, and must have the weights for; as a kind of a model that
 *   was imported. Default: `checkpointTask`
 * @throws CheckpointError, TokenizerError when the checkpoint is damaged; PluginError for a part that nobody registered
 */
export async function openTask(
  checkpoint: Checkpoint,
  registry: Registry,
  wanted?: string | Named,
): Promise<OpenedTask> {
  const { config: modelConfig, run, tokenizer } = await openForUse(checkpoint);
  const config = await configFor(checkpoint, modelConfig, run, wanted);
  const files = await openTensors(checkpoint, TENSORS.weights);
  const weights = numberTensors(files, modelConfig, 'filters', registry);
  const model = await withPluginAdvice(checkpoint, async () =>
    SimVlm.create(modelConfig, { init: 'zeros', registry }),
  );
  let opened: RunTask | undefined;
  const dispose = async () => {
    await opened?.close();
    model.dispose();
  };
  try {
    opened = await withPluginAdvice(checkpoint, () =>
      runTask({ config, data: nothing, model, tokenizer, registry, checkpoint }),
    );
    const { task } = opened;
    const { params } = task.learner;
    checkFits(params, weights.tensors, TENSORS.weights);
    await restoreParameters(params, finiteTensors(weights, TENSORS.weights), TENSORS.weights, deviceWriter);
    return { task, model, tokenizer, run, kind: config.task.kind, dispose };
  } catch (error) {
    await dispose();
    throw await untrainedFor(checkpoint, wanted, error);
  }
}

/** What lacks the parts of a task that it was not trained for is not damaged: another task was asked for. */
async function untrainedFor(
  checkpoint: Checkpoint,
  wanted: string | Named | undefined,
  error: unknown,
): Promise<unknown> {
  const trained = await checkpointTask(checkpoint);
  if (typeof wanted !== 'object' || wanted.kind === trained || !(error instanceof CheckpointError))
    return error;
  return new ConfigError(
    'CONFIG_INVALID',
    `${checkpoint.where} was trained for the task ${trained}, and has not what the task ${wanted.kind} needs: ${error.message}`,
    { cause: error },
  );
}

/** The configuration that stands for a run where nothing is trained: of pairs, so that no text-only data are missed. */
async function configFor(
  checkpoint: Checkpoint,
  model: SimVlmConfig,
  run: RunConfig | undefined,
  wanted: string | Named | undefined,
): Promise<RunConfig> {
  const task = typeof wanted === 'object' ? wanted : undefined;
  const kind = typeof wanted === 'string' ? wanted : await checkpointTask(checkpoint);
  const config = run ?? importedRun(model, task?.kind ?? kind);
  return { ...config, batch: { ...config.batch, imageText: 1, textOnly: 0 }, ...(task && { task }) };
}
