import { type CheckpointFiles, memoryCheckpoint } from '@simvlm/checkpoint';
import { CheckpointError, parameterCount } from '@simvlm/core';
import { checkpointModelConfig, modelParameters, type SimVlm } from '@simvlm/model';
import { checkpointRunConfig, openCaptioner, type RunConfig } from '@simvlm/run';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import type { ModelInfo } from './engine';

/** The files that the command line needs, and so does the engine; a model card `README.md` may come with them. */
export const MODEL_FILES = ['weights.safetensors', 'tokenizer.model', 'model.json', 'run.json'] as const;

/** A page has no room for more. */
const MAX_PARAMETERS = 100e6;
/** Pixels of a picture's side: what a layer makes of larger ones takes gigabytes, however few weights it has. */
const MAX_SIDE = 1024;
/** Bytes of a model card that are shown. */
const MAX_CARD = 2 ** 18;

/** A model on the backend, with what belongs to it. */
export interface LoadedModel {
  readonly model: SimVlm;
  readonly tokenizer: AnyTokenizer;
  /** The configuration of the run that made it. */
  readonly run: RunConfig;
  readonly info: ModelInfo;
}

/**
 * Makes the model of a checkpoint. On an error nothing is left of it.
 *
 * @throws CheckpointError and the like, for a checkpoint that is damaged, or whose files do not belong together
 */
export async function openModel(files: CheckpointFiles, name: string): Promise<LoadedModel> {
  const checkpoint = memoryCheckpoint(files);
  for (const file of MODEL_FILES) await checkpoint.file(file);
  const config = await checkpointModelConfig(checkpoint);
  const parameters = parameterCount(modelParameters(config));
  if (parameters > MAX_PARAMETERS || config.imageSize > MAX_SIDE)
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `the model has ${Math.round(parameters / 1e6)} M parameters and reads pictures of ${config.imageSize} pixels a side; a page has room for ${MAX_PARAMETERS / 1e6} M and ${MAX_SIDE}`,
    );
  const { model, tokenizer, config: run } = await openCaptioner(checkpoint);
  const card = files.get('README.md');
  const info: ModelInfo = {
    name,
    parameters,
    imageSize: config.imageSize,
    vocabSize: config.vocabSize,
    architecture: config.architecture,
    grid: model.network.grid,
    ...(card && { card: new TextDecoder().decode(card.subarray(0, MAX_CARD)) }),
  };
  return { model, tokenizer, run, info };
}

/** The name that a run gave itself, for a model that was imported. */
export async function runName(files: CheckpointFiles): Promise<string> {
  return (await checkpointRunConfig(memoryCheckpoint(files))).name;
}
