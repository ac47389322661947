import type { Checkpoint } from '@simvlm/checkpoint';
import { DataError } from '@simvlm/core';
import { checkpointModelConfig } from '@simvlm/model';
import { checkpointRunConfig } from '../checkpoint';
import { applyOverrides } from '../config/overrides';
import { resolveRunConfig } from '../config/resolve';
import type { RunConfig, RunConfigInput } from '../config/schema';
import type { PlacedSource } from '../config/sources';
import { openPlaced } from '../sources/open-source';
import { nodePlaces } from './data';

export interface FinetuneOptions {
  /** Pictures with captions. */
  readonly data: PlacedSource | string;
  /** How the configuration names the checkpoint. */
  readonly init: string;
  readonly name: string;
  /** Pictures for validation; default: a tenth of `data` is split off. */
  readonly val?: PlacedSource | string | undefined;
  /** Trains adapters of low rank beside the weights, which stay as they are. */
  readonly lora?: boolean | undefined;
  readonly seed?: number | undefined;
  readonly plugins?: readonly string[] | undefined;
  /** `key=value` pairs, as `--set` of `simvlm train` has them. */
  readonly overrides?: readonly string[] | undefined;
}

/** Share of the pictures that is split off for validation. */
const VALIDATION = 0.1;
/** Rows of a step at most; few pictures make smaller ones. */
const BATCH = 32;
/** How often each picture is seen, where that is not too few or too many steps. */
const EPOCHS = 30;
const STEPS = { least: 60, most: 3000 } as const;
/** Of the learning rate that the checkpoint was trained with: a trained model is changed gently, fresh adapters learn faster. */
const RATE = { weights: 0.5, adapters: 4 } as const;
const RANK = 8;

/**
 * The configuration that fine-tunes a checkpoint on pictures of one's own. Architecture, image size and text length are the checkpoint's, as
 * its tokenizer will be; how pictures are varied and how fast it learns follow from the run that made it, how long from the number of pictures.
 *
 * @throws DataError for a source without pictures; ConfigError for an override that cannot be; CheckpointError
 */
export async function finetuneConfig(checkpoint: Checkpoint, options: FinetuneOptions): Promise<RunConfig> {
  const { data, init, name, val, lora, seed = 1, plugins = [], overrides = [] } = options;
  const run = await checkpointRunConfig(checkpoint);
  const { vocabSize: _, tokens: __, lora: ___, ...model } = await checkpointModelConfig(checkpoint);
  const pictures = await picturesOf(data);
  const trained = Math.max(1, Math.round(pictures * (val === undefined ? 1 - VALIDATION : 1)));
  const imageText = Math.min(BATCH, trained);
  const steps = Math.min(STEPS.most, Math.max(STEPS.least, Math.ceil((EPOCHS * trained) / imageText)));
  const given: RunConfigInput = {
    name,
    seed,
    plugins: [...new Set([...run.plugins, ...plugins])],
    model: model as unknown as Exclude<RunConfigInput['model'], string>,
    init,
    ...(lora && { lora: { rank: RANK } }),
    objective: { kind: 'captioning' },
    data: { train: data, ...(val === undefined ? { valShare: VALIDATION } : { val }) },
    batch: { imageText, textOnly: 0 },
    augment: run.augment,
    optimizer: {
      learningRate: run.optimizer.learningRate * (lora ? RATE.adapters : RATE.weights),
      weightDecay: run.optimizer.weightDecay,
      warmup: 0.1,
      schedule: 'cosine',
    },
    steps,
  };
  return resolveRunConfig(applyOverrides(JSON.parse(JSON.stringify(given)), overrides), 'finetune');
}

/** Samples with a picture; no picture is opened. */
async function picturesOf(data: PlacedSource | string): Promise<number> {
  const source = await openPlaced(data, nodePlaces);
  let count = 0;
  for await (const { images } of source.read()) if (images.length > 0) count++;
  if (count === 0)
    throw new DataError('DATA_INVALID', `${source.name} names no image: there is nothing to learn from`);
  return count;
}
