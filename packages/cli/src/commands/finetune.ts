import { join } from 'node:path';
import { type ExampleDataset, parameterCount, printable } from '@simvlm/core';
import { replaceFile } from '@simvlm/core/node';
import { subset } from '@simvlm/data';
import { captionMetrics, type Prediction, predictCaptions } from '@simvlm/eval';
import {
  checkParts,
  pluginAdvice,
  pluginArguments,
  type RunConfig,
  recordsIn,
  type Started,
  type Trained,
  trialStep,
} from '@simvlm/run';
import {
  checkMemory,
  finetuneConfig,
  loadRunData,
  newRunFolder,
  openInit,
  type RunFolder,
  runPath,
  runRegistry,
  trainInFolder,
} from '@simvlm/run/node';
import { programName } from '../environment';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { checkOutputFolder } from '../io/output-file';
import { progressLine, reportTraining } from '../progress';
import { textTable } from '../report/score-table';
import { duration, percent, printLine, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';
import { sourceConfig } from './data-open';
import type { SourceOptions } from './data-source';

export interface FinetuneCommandOptions extends ComputeOptions, SourceOptions {
  init: string;
  val?: string;
  lora?: boolean;
  freeze: string[];
  name: string;
  seed: number;
  set: string[];
  plugin?: readonly string[];
}

/** Validation pictures that are captioned before and after. */
const VALIDATION = 500;
/** Of these, those whose captions are shown side by side. */
const SHOWN = 10;
/** The configuration of the run, beside its checkpoints: what to go on with. */
const CONFIG = 'config.json';

/** `simvlm finetune`. */
export async function finetune(sources: readonly string[], options: FinetuneCommandOptions): Promise<number> {
  const terminal = new Terminal();
  const init = await openInit(options.init, terminal);
  const { set: overrides, plugin: plugins, val, lora, freeze, name, seed } = options;
  const made = await finetuneConfig(init, {
    data: sourceConfig(sources, options),
    ...{ val, lora, freeze, name, seed, plugins, overrides, init: options.init },
  });
  const config: RunConfig = { ...made, precision: options.precision ?? made.precision };
  // What the checkpoint names is not loaded by itself.
  const registry = await runRegistry(plugins);
  try {
    checkMemory(checkParts(config, registry), registry);
  } catch (error) {
    throw pluginAdvice(error, config.plugins);
  }
  await checkOutputFolder(runPath(config.name), 'train in another working directory, or free the place');
  const backend = await startBackend({ ...options, precision: config.precision }, registry);
  terminal.note(`backend ${backend.name} (${backend.detail}): ${backend.reason}`);
  const folder = await newRunFolder(config, terminal);
  try {
    return await interruptible(terminal, async signal => {
      const loaded = await loadRunData(config, { registry, reporter: terminal, signal });
      const pictures = firstOf(loaded.val!, VALIDATION);
      // Of a model that is trained for something else captions say nothing.
      const writesCaptions = config.task.kind === 'pretrain';
      let before: readonly Prediction[] = [];
      terminal.heading('What will be done');
      tellPlan(terminal, options.init, config, await recordsIn(loaded.train), pictures.length);
      const { result, ...trained } = await trainInFolder({
        ...{ config, folder, registry, init, signal, data: loaded, reporter: terminal },
        async beforeStart(started) {
          await saveConfig(folder, config);
          await tellExpected(terminal, started, config);
          if (writesCaptions) before = await captionsOf(started, pictures, signal);
          terminal.heading(`Training into ${folder.path}`);
        },
        callbacks: () => [progressLine(terminal, config.minutes)],
      });
      try {
        reportTraining(terminal, result, loaded.unreadable ?? [], {
          ...{ folder: folder.path, patience: config.earlyStopping?.patience },
        });
        if (signal.aborted) return stopped(terminal, folder, plugins);
        const after = writesCaptions ? await captionsOf(trained, pictures, signal) : [];
        if (signal.aborted) return stopped(terminal, folder, plugins);
        if (writesCaptions) tellChange(terminal, before, after);
        terminal.note(
          `${writesCaptions ? 'caption pictures with' : 'evaluate it with'}: ${programName()} ${writesCaptions ? 'caption PICTURE' : 'eval SOURCE'} --checkpoint ${folder.path}${pluginArguments(config.plugins)}`,
        );
        return exitCode.ok;
      } finally {
        trained.model.dispose();
      }
    });
  } finally {
    await folder.close();
  }
}

function tellPlan(
  terminal: Terminal,
  init: string,
  { data, batch, optimizer, lora, augment, steps, epochs, minutes }: RunConfig,
  pictures: number,
  validation: number,
): void {
  const number = (value: number) => value.toLocaleString('en');
  const split = data.val === undefined ? `split off, with all their captions` : `of ${placeOf(data.val)}`;
  const length =
    steps !== undefined
      ? `${number(steps)} steps`
      : epochs !== undefined
        ? `${epochs} epochs`
        : `${minutes} min`;
  const warmup = optimizer.warmup < 1 ? percent(optimizer.warmup) : `${number(optimizer.warmup)} steps`;
  terminal.note(
    `model       ${init === 'emoji' ? 'the bundled model' : init}, with its tokenizer and image size`,
  );
  terminal.note(
    `pictures    ${number(pictures)} to train on, varied as "${augment}"; ${number(validation)} to validate on, ${split}`,
  );
  terminal.note(
    `training    ${length} of ${batch.imageText} pictures, ${lora ? `adapters of rank ${lora.rank}` : optimizer.freeze.length > 0 ? `all weights but ${optimizer.freeze.join(', ')}` : 'all weights'}, ` +
      `learning rate ${Number(optimizer.learningRate.toPrecision(3))} after a warm-up of ${warmup}, ${optimizer.schedule}`,
  );
}

/** `--val` as the plan names it. */
function placeOf(val: RunConfig['data']['train']): string {
  return typeof val === 'string' ? val : JSON.stringify(val);
}

/** What a step takes is measured; memory is what the process has after it, and the two moments of AdamW. */
async function tellExpected(terminal: Terminal, { task, model }: Started, config: RunConfig): Promise<void> {
  const { seconds } = await trialStep(task.learner, task.batches);
  const bytes = process.memoryUsage().rss + 8 * parameterCount(model.trainable);
  const time =
    config.steps === undefined
      ? `${seconds.toFixed(2)} s a step`
      : `about ${duration(seconds * config.training.accumulate * config.steps)}`;
  terminal.note(
    `expected    ${time}, about ${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB of memory`,
  );
}

async function captionsOf(
  { model, tokenizer }: Trained,
  pictures: ExampleDataset,
  signal: AbortSignal,
): Promise<readonly Prediction[]> {
  return (await predictCaptions(model, tokenizer, pictures, { signal })).predictions;
}

function tellChange(terminal: Terminal, before: readonly Prediction[], after: readonly Prediction[]): void {
  const rows = new Map<string, string[]>();
  for (const { id, truth, text } of after) {
    const past = before.find(each => each.id === id);
    const row = [truth, past?.text ?? '', text].map(each => printable(each) || '(nothing)');
    // Several pictures may read the same: each row tells something new.
    rows.set(row.join('\n'), row);
  }
  printLine(textTable(['caption', 'before', 'after'], [...rows.values()].slice(0, SHOWN), 'left'));
  const [past, now] = [before, after].map(
    predictions => captionMetrics(predictions) as { exactMatch: number; wordF1: number },
  );
  terminal.note(
    `validation: ${percent(past!.exactMatch)} exact before, ${percent(now!.exactMatch)} after; word F1 ${past!.wordF1.toFixed(2)} before, ${now!.wordF1.toFixed(2)} after; ${after.length} pictures`,
  );
}

function stopped(terminal: Terminal, folder: RunFolder, plugins: readonly string[] | undefined): number {
  terminal.note(
    `stopped; go on with: ${programName()} train ${join(folder.path, CONFIG)} --resume ${folder.path}${pluginArguments(plugins)}`,
  );
  return exitCode.interrupted;
}

async function saveConfig(folder: RunFolder, config: RunConfig): Promise<void> {
  await replaceFile(join(folder.path, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
}

function firstOf(dataset: ExampleDataset, count: number): ExampleDataset {
  return subset(
    dataset,
    Array.from({ length: Math.min(dataset.length, count) }, (_, i) => i),
  );
}
