import {
  type Checkpoint,
  checkFits,
  fileOf,
  finiteTensors,
  openTensors,
  restoreParameters,
  TENSORS,
} from '@simvlm/checkpoint';
import type { Registry, Share, Task, Tokenizer } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import { deviceWriter } from '@simvlm/ops';
import { withPluginAdvice } from './checkpoint';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';
import { openForUse } from './open-checkpoint';
import { outlinesOf, trainingStreams } from './streams';

interface TaskParts {
  readonly config: RunConfig;
  readonly data: Pick<RunData, 'train' | 'weight' | 'val' | 'documents'>;
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
  readonly registry: Registry;
  /** The checkpoint that is resumed or evaluated. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Which of several processes trains; default: one alone. */
  readonly share?: Share | undefined;
}

/** What a run is trained for: the task that its configuration names. The caller disposes it, before the model. */
export async function runTask({
  config,
  data,
  model,
  tokenizer,
  registry,
  checkpoint,
  share,
}: TaskParts): Promise<Task> {
  const { kind, ...options } = config.task;
  const { kind: objective, ...objectiveOptions } = config.objective;
  const { maxTextLength, imageSize } = model.config;
  return registry.get('task', kind)(options, {
    ...{ model, tokenizer, seed: config.seed, batch: config.batch },
    ...(await trainingStreams(config, data, imageSize, share)),
    outlines: () => outlinesOf(data.train),
    ...(data.val && { val: data.val }),
    objective: registry.get('objective', objective)(objectiveOptions, { tokenizer, maxTextLength }),
    regularization: config.regularization,
    checkpointBlocks: config.training.checkpointBlocks,
    ...(checkpoint && { savedFile: name => fileOf(checkpoint, name) }),
  });
}

/** A task with its trained model. */
export interface OpenedTask {
  readonly task: Task;
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
  readonly config: RunConfig;
  dispose(): void;
}

/**
 * What a checkpoint was trained for, with all its weights: those of the model, and those that the task has beside it, such as a classifier's
 * head.
 *
 * @param data what it will be asked of
 * @throws CheckpointError, TokenizerError when the checkpoint is damaged; PluginError for a part that nobody registered
 */
export async function openTask(
  checkpoint: Checkpoint,
  data: Pick<RunData, 'train' | 'documents'>,
  registry: Registry,
): Promise<OpenedTask> {
  const { config: modelConfig, run: config, tokenizer } = await openForUse(checkpoint);
  const weights = await openTensors(checkpoint, TENSORS.weights);
  const model = await withPluginAdvice(checkpoint, async () =>
    SimVlm.create(modelConfig, { init: 'zeros', registry }),
  );
  let task: Task | undefined;
  const dispose = () => {
    task?.dispose?.();
    model.dispose();
  };
  try {
    task = await withPluginAdvice(checkpoint, () =>
      runTask({ config, data, model, tokenizer, registry, checkpoint }),
    );
    const { params } = task.learner;
    checkFits(params, weights.tensors, TENSORS.weights);
    await restoreParameters(params, finiteTensors(weights, TENSORS.weights), TENSORS.weights, deviceWriter);
    return { task, model, tokenizer, config, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
