import { type Checkpoint, openTensors, TENSORS } from '@simvlm/checkpoint';
import { DataError } from '@simvlm/core';
import { checkNoClassifier, checkpointModelConfig } from '@simvlm/model';
import { ownRunConfig } from '../checkpoint';
import { applyOverrides } from '../config/overrides';
import { resolveRunConfig } from '../config/resolve';
import type { RunConfig, RunConfigInput } from '../config/schema';
import type { PlacedSource } from '../config/sources';
import { adapterTargets, frozenPatterns } from '../freeze';
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
  /** Parts that stay as they are: `vision`, `text`, `embeddings`, or names of parameters, in which `*` stands for any characters. */
  readonly freeze?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly plugins?: readonly string[] | undefined;
  /** `key=value` pairs, as `--set` of `simvlm train` has them. */
  readonly overrides?: readonly string[] | undefined;
}

/** Share of the pictures that is split off for validation. */
const VALIDATION = 0.1;
const STEPS = { least: 60, most: 3000 } as const;
const RANK = 8;

/** How a model is fine-tuned. */
interface Recipe {
  /** How often each picture is seen, where that is not too few or too many steps. */
  readonly epochs: number;
  /** Rows of a batch at most; few pictures make smaller ones. */
  readonly rows: number;
  /** Batches of a step. */
  readonly accumulate: number;
  /** Learning rate of all weights, or of fresh adapters, which learn faster. */
  readonly rate: { readonly weights: number; readonly adapters: number };
  readonly weightDecay: number;
  readonly augment: RunConfig['augment'];
}

/** For a model that was trained here: varied as then, and changed gently. */
function ownRecipe({ augment, optimizer: { learningRate, weightDecay } }: RunConfig): Recipe {
  const rate = { weights: 0.5 * learningRate, adapters: 4 * learningRate };
  return { epochs: 30, rows: 32, accumulate: 1, rate, weightDecay, augment };
}

/**
 * For a captioner that others have trained. It has seen millions of photographs: few passes are enough, at the learning rate and weight decay that
 * BLIP's authors fine-tune for captions with (configs/caption_coco.yaml of salesforce/BLIP); adapters learn ten times as fast. It has hundreds of
 * millions of weights: a step takes its pictures a few at a time.
 */
const IMPORTED: Recipe = {
  ...{ epochs: 10, rows: 8, accumulate: 4 },
  ...{ rate: { weights: 1e-5, adapters: 1e-4 }, weightDecay: 0.05, augment: 'none' },
};

/**
 * The configuration that fine-tunes a checkpoint on pictures of one's own. Architecture, image size and text length are the checkpoint's, as
 * its tokenizer will be; how pictures are varied and how fast it learns follow from the run that made it, how long from the number of pictures. A
 * model that was imported has no run: see `IMPORTED`.
 *
 * @throws DataError for a source without pictures; ConfigError for an override or a frozen part that cannot be; CheckpointError
 */
export async function finetuneConfig(checkpoint: Checkpoint, options: FinetuneOptions): Promise<RunConfig> {
  const { data, init, name, val, lora, freeze = [], seed = 1, plugins = [], overrides = [] } = options;
  checkNoClassifier(checkpoint);
  const run = await ownRunConfig(checkpoint);
  const { vocabSize: _, tokens: __, lora: ___, ...model } = await checkpointModelConfig(checkpoint);
  const weights =
    freeze.length === 0 ? [] : [...(await openTensors(checkpoint, TENSORS.weights)).tensors.keys()];
  const frozen = frozenPatterns(freeze, weights);
  const pictures = await picturesOf(data);
  const trained = Math.max(1, Math.round(pictures * (val === undefined ? 1 - VALIDATION : 1)));
  const { epochs, rows, accumulate, rate, weightDecay, augment } = run ? ownRecipe(run) : IMPORTED;
  const imageText = Math.min(rows, trained);
  const passes = Math.ceil((epochs * trained) / (imageText * accumulate));
  const steps = Math.min(STEPS.most, Math.max(STEPS.least, passes));
  const given: RunConfigInput = {
    name,
    seed,
    plugins: [...new Set([...(run?.plugins ?? []), ...plugins])],
    model: model as unknown as Exclude<RunConfigInput['model'], string>,
    init,
    ...(lora && {
      lora: { rank: RANK, ...(frozen.length > 0 && { targets: adapterTargets(frozen, weights) }) },
    }),
    objective: { kind: 'captioning' },
    ...(model.encoder?.kind === 'question' && { task: { kind: 'answer' } }),
    data: { train: data, ...(val === undefined ? { valShare: VALIDATION } : { val }) },
    batch: { imageText, textOnly: 0 },
    augment,
    training: { accumulate },
    optimizer: {
      learningRate: lora ? rate.adapters : rate.weights,
      weightDecay,
      warmup: 0.1,
      ...(frozen.length > 0 && !lora && { freeze: frozen }),
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
