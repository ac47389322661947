import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, type Task } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import { upload } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { checkParts } from '../../check-parts';
import { checkpointTokenizer } from '../../checkpoint-tokenizer';
import { VOCABULARY } from '../../config/resolve';
import type { RunConfig } from '../../config/schema';
import { modelPreset } from '../../model';
import { silent } from '../../reporter';
import { runTask } from '../../task';
import { checkMemory } from '../check-memory';
import { BUNDLED, bundledCheckpoint } from '../chosen-checkpoint';
import { loadRunData } from '../data';
import { runRegistry } from '../plugins';
import { readRunConfig } from '../read-config';
import { type Beginning, beginningOf } from './beginning';
import { madeData } from './made/make';
import { type BatchCost, batchCost, type Parameters, parametersOf, trainedNames } from './step-cost';

export interface CheckOptions {
  /** `key=value` pairs, as `--set` of `simvlm train` has them. */
  readonly overrides?: readonly string[];
  /** Rows of the batch that is made, at most; default 4. */
  readonly rows?: number;
  /** Computes the loss of that batch on the current backend, with weights drawn; else no number of the model is written. Default false. */
  readonly forward?: boolean;
}

/** What a run would be, found out without its data. */
export interface RecipeCheck {
  readonly name: string;
  readonly config: RunConfig;
  /** Where another recipe makes the run that it begins with. */
  readonly beginning?: Beginning;
  readonly parameters: Parameters;
  /** Batches of one step that were made, smaller than those of the run. */
  readonly made: readonly BatchCost[];
  /** A step of the run. */
  readonly step: {
    readonly rows: number;
    /** Image tokens and places of text, padding included. */
    readonly tokens: number;
    readonly flops?: number;
  };
  /** Bytes of float32. */
  readonly memory: {
    readonly weights: number;
    readonly gradients: number;
    readonly moments: number;
    /** Of `optimizer.emaDecay`. */
    readonly average: number;
  };
  /** Mean loss of the made batches, in nats, with fresh weights. */
  readonly forward?: { readonly loss: number; readonly seconds: number };
}

/** Rows that show the shapes. */
const ROWS = 4;

/**
 * Checks a recipe without its data: resolves it, builds its model at full size, makes a few records in the format of its data sets, reads them with
 * the real readers, makes a batch by the real task, and counts what a step costs. A tokenizer of 2,000 English pieces stands for the recipe's, so that
 * numbers of text tokens are near those of the real one.
 *
 * @param place a file or the name of a shipped recipe
 * @throws ConfigError, DataError, PluginError for a recipe that does not work
 */
export async function checkRecipe(place: string, options: CheckOptions = {}): Promise<RecipeCheck> {
  const { overrides = [], rows = ROWS, forward = false } = options;
  const config = await readRunConfig(place, overrides);
  const registry = await runRegistry(config.plugins);
  const declared = checkParts(config, registry);
  checkMemory(declared, registry);
  const beginning = await beginningOf(config, declared, registry);
  const backend = tf.getBackend() as string | undefined;
  // In plain JavaScript a model takes no memory until its weights are written.
  if (!forward) await tf.setBackend('cpu');
  const folder = await mkdtemp(join(tmpdir(), 'simvlm-recipe-'));
  try {
    const few = fewRows(config, rows);
    const given = { ...few, data: { ...(await madeData(config.data, folder)), workers: 0 } };
    const tokenizer = await checkpointTokenizer(await bundledCheckpoint());
    const { pad, bos, eos } = tokenizer.special;
    const own = config.init === BUNDLED ? tokenizer.vocabSize : VOCABULARY;
    const model = SimVlm.create(
      {
        ...modelPreset(config),
        ...{ vocabSize: config.tokenizer.vocabSize ?? own, tokens: { pad, bos, eos } },
        ...(config.lora && { lora: config.lora }),
      },
      { registry, seed: config.seed, init: forward ? 'random' : 'zeros' },
    );
    try {
      withoutFeatures(model);
      const data = await loadRunData(given, { registry, reporter: silent, goesOn: false });
      const { task, close } = await runTask({ config: given, data, model, tokenizer, registry });
      try {
        const found = await measured(task, model, { config, few, forward });
        return { name: place, config, ...(beginning && { beginning }), ...found };
      } finally {
        await close();
      }
    } finally {
      model.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (backend !== undefined && backend !== tf.getBackend()) await tf.setBackend(backend);
  }
}

/**
 * Gives zeros for the features of a picture, which are what a model of zeros has: a probe asks for those of every training picture, a thousand of them
 * here, before it makes its first batch.
 */
function withoutFeatures(model: SimVlm): void {
  const { config, network } = model;
  const width = network.imageWidth;
  const bytes = 3 * config.imageSize ** 2;
  model.features = async images => ({ width, values: new Float32Array((images.length / bytes) * width) });
}

/** The same run with small batches. */
function fewRows(config: RunConfig, rows: number): RunConfig {
  const { imageText, textOnly } = config.batch;
  return { ...config, batch: { imageText: Math.min(imageText, rows), textOnly: Math.min(textOnly, rows) } };
}

interface Run {
  readonly config: RunConfig;
  /** With small batches. */
  readonly few: RunConfig;
  readonly forward: boolean;
}

async function measured(task: Task, model: SimVlm, { config, few, forward }: Run) {
  const { learner } = task;
  const trained = trainedNames(learner, config.optimizer);
  const parameters = parametersOf(learner, trained);
  const batches = await task.batches.next();
  if (batches.length === 0) throw new DataError('DATA_INVALID', 'the task made no batch of these records');
  const { checkpointBlocks, accumulate } = config.training;
  const made = batches.map(batch =>
    batchCost(learner, batch, { model: model.config, trained, checkpointBlocks }),
  );
  /** Rows of the run for a row that was made. */
  const scale = ({ shapes }: BatchCost) => {
    const isDocument = config.task.kind === 'pretrain' && shapes.images === undefined;
    const kind = isDocument ? 'textOnly' : 'imageText';
    return config.batch[kind] / few.batch[kind];
  };
  const total = (of: (batch: BatchCost) => number | undefined) =>
    made.reduce<number | undefined>((sum, batch) => {
      const value = of(batch);
      return sum === undefined || value === undefined ? undefined : sum + scale(batch) * batch.rows * value;
    }, 0);
  const flops = total(({ flops }) => flops?.step);
  const bytes = 4 * parameters.trained;
  return {
    parameters,
    made,
    step: {
      rows: accumulate * total(() => 1)!,
      tokens: accumulate * total(({ passes, tokens }) => passes * (tokens.image + tokens.text))!,
      ...(flops !== undefined && { flops: accumulate * flops }),
    },
    memory: {
      ...{ weights: 4 * parameters.all, gradients: bytes, moments: 2 * bytes },
      average: config.optimizer.emaDecay === undefined ? 0 : bytes,
    },
    ...(forward && { forward: await lossOf(task, batches) }),
  };
}

async function lossOf({ learner }: Task, batches: readonly unknown[]) {
  const start = performance.now();
  let [sum, count] = [0, 0];
  for (const batch of batches) {
    const feeds = upload(learner.feeds(batch, { padding: 'short' }));
    const loss = tf.tidy(() => learner.loss(feeds, false));
    sum += (await loss.data())[0];
    count += learner.count(batch);
    tf.dispose([loss, feeds]);
  }
  return { loss: sum / count, seconds: (performance.now() - start) / 1000 };
}
