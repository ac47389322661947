import { CheckpointError, type JsonValue, parameterCount, parseJsonObject } from '@simvlm/core';
import { defaultRegistry, modelParameters, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { loadTokenizer, type SentencePieceTokenizer } from '@simvlm/tokenizer';
import { type CheckpointFiles, checkpointModelConfig, fileOf, restoreWeights } from '@simvlm/trainer';
import type { ModelInfo } from './engine';

/** The files that the command line needs, and so does the engine; a model card `README.md` may come with them. */
export const MODEL_FILES = ['weights.safetensors', 'tokenizer.model', 'model.json', 'run.json'] as const;

/** A page has no room for more. */
const MAX_PARAMETERS = 100e6;

/** A model on the backend, with what belongs to it. */
export interface LoadedModel {
  readonly model: SimVlm;
  readonly tokenizer: SentencePieceTokenizer;
  /** The configuration of the run that made it. */
  readonly run: Readonly<Record<string, JsonValue>>;
  readonly info: ModelInfo;
}

/**
 * Makes the model of a checkpoint. On an error nothing is left of it.
 *
 * @throws CheckpointError and the like, for a checkpoint that is damaged, or whose files do not belong together
 */
export function openModel(files: CheckpointFiles, name: string): LoadedModel {
  for (const file of MODEL_FILES) fileOf(files, file);
  const registry = defaultRegistry();
  const config = checkpointModelConfig(files);
  const parameters = parameterCount(modelParameters(config, registry));
  if (parameters > MAX_PARAMETERS)
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `the model has ${Math.round(parameters / 1e6)} M parameters; a page has room for ${MAX_PARAMETERS / 1e6} M`,
    );
  const tokenizer = loadTokenizer(fileOf(files, 'tokenizer.model'));
  checkTokenizer(config, tokenizer);
  const run = runConfig(files);
  const card = files.get('README.md');
  const model = SimVlm.create(config, { init: 'zeros', registry });
  try {
    restoreWeights(files, model);
  } catch (error) {
    model.dispose();
    throw error;
  }
  const info: ModelInfo = {
    name,
    parameters,
    imageSize: config.imageSize,
    vocabSize: config.vocabSize,
    architecture: config.architecture,
    grid: model.network.grid,
    ...(card && { card: new TextDecoder().decode(card) }),
  };
  return { model, tokenizer, run, info };
}

/** The name that a run gave itself, for a model that was imported. */
export function runName(files: CheckpointFiles): string {
  const { name } = runConfig(files);
  return typeof name === 'string' ? name : 'imported';
}

function checkTokenizer(
  { vocabSize, tokens }: SimVlmConfig,
  { vocabSize: pieces, special }: SentencePieceTokenizer,
) {
  const agrees =
    vocabSize === pieces && (['pad', 'bos', 'eos'] as const).every(key => tokens[key] === special[key]);
  if (!agrees)
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `the tokenizer has ${pieces} pieces, the model knows ${vocabSize}, or their special tokens differ: they are of different models`,
    );
}

function runConfig(files: CheckpointFiles): Record<string, JsonValue> {
  return parseJsonObject(
    fileOf(files, 'run.json'),
    'run.json',
    (message, options) => new CheckpointError('CHECKPOINT_INVALID', message, options),
  );
}
