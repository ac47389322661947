import type { Checkpoint } from '@simvlm/checkpoint';
import type { FolderCheckpoint } from '@simvlm/checkpoint/node';
import { ConfigError, type ProcessGroup, type Registry } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { captionMetrics, predictCaptions } from '@simvlm/eval';
import { checkNoClassifier } from '@simvlm/model';
import {
  atKey,
  checkParts,
  countOf,
  pluginAdvice,
  pluginArguments,
  type RunConfig,
  warnOfSkipped,
} from '@simvlm/run';
import {
  checkMemory,
  loadRunData,
  type NewOrResumed,
  newRunFolder,
  openInit,
  openResume,
  type RunFolder,
  readRunConfig,
  resumedRunFolder,
  resumeTogether,
  runPath,
  runRegistry,
  trainInFolder,
} from '@simvlm/run/node';
import { joinProcesses, processPlace } from '@simvlm/runtime';
import type * as tf from '@tensorflow/tfjs-core';
import { programName } from '../environment';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { checkOutputFolder } from '../io/output-file';
import { progressLine, reportTraining, sampleCaptions } from '../progress';
import { percent, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';

export interface TrainCommandOptions extends ComputeOptions {
  resume?: string;
  init?: string;
  set: string[];
  plugin?: readonly string[];
}

/** As `--resume` is given to go on where there is a checkpoint, and to begin where there is none. */
const AUTO = 'auto';
/** Validation pictures that are captioned at the end. */
const VALIDATION = 500;
/** Validation pictures that are captioned once a minute. */
const SAMPLES = 4;

/** `simvlm train`: in one process, or as one of several that the environment tells of. */
export async function trainCommand(file: string, options: TrainCommandOptions): Promise<number> {
  const auto = options.resume === AUTO;
  if (options.resume !== undefined && options.init !== undefined && !auto)
    throw new ConfigError(
      'CONFIG_INVALID',
      'train: give --resume (go on with a run) or --init (a new run with the weights of another), not both, unless it is --resume auto',
    );
  const terminal = new Terminal();
  const place = processPlace();
  // All of several processes do the same; the first writes and tells.
  if (place && place.rank > 0) terminal.silence();
  const given = withPlugins(await readRunConfig(file, options.set), options.plugin);
  const from = options.init ?? given.init;
  const config: RunConfig = {
    ...given,
    ...(from !== undefined && { init: from }),
    precision: options.precision ?? given.precision,
  };
  // Whatever is wrong with the configuration is said before anything starts.
  if (config.lora && from === undefined && (options.resume === undefined || auto))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${file}: "lora" trains adapters beside the weights of another run: name it as "init" or with --init`,
    );
  const registry = await runRegistry(config.plugins);
  try {
    checkMemory(checkParts(config, registry), registry);
  } catch (error) {
    throw pluginAdvice(error);
  }
  if (!place || place.rank === 0)
    await checkOutputFolder(runPath(config.name), 'train in another working directory, or free the place');
  const resume =
    options.resume === undefined || auto ? undefined : await openResume(options.resume, config, terminal);
  const init =
    resume || from === undefined
      ? undefined
      : await openInit(from, terminal).catch(error => {
          // Where the command line names it, the user knows where that stands.
          throw options.init === undefined ? atKey('init', error) : error;
        });
  if (init) checkNoClassifier(init);
  const backend = await startBackend({ ...options, precision: config.precision }, registry);
  terminal.note(`backend ${backend.name} (${backend.detail}): ${backend.reason}`);
  if (place) {
    const more = place.size === 2 ? '1 more process' : `${place.size - 1} more processes`;
    terminal.note(`waiting for ${more} at ${place.host}:${place.port}`);
  }
  const processes = await joinProcesses();
  try {
    return await interruptible(terminal, signal =>
      trainAndValidate({
        file,
        plugin: options.plugin,
        config,
        registry,
        terminal,
        signal,
        processes,
        auto,
        resume,
        init,
      }),
    );
  } finally {
    // Whatever went wrong here, the others learn of it now.
    processes?.dispose();
  }
}

/** Those of the command line after those of the configuration: the checkpoint names all of them, to tell what it needs. */
function withPlugins(config: RunConfig, plugins: readonly string[] = []): RunConfig {
  if (plugins.length === 0) return config;
  return { ...config, plugins: [...new Set([...config.plugins, ...plugins])] };
}

interface Training {
  readonly file: string;
  /** Those of the command line alone: the configuration has its own. */
  readonly plugin: readonly string[] | undefined;
  readonly config: RunConfig;
  readonly registry: Registry;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly processes: ProcessGroup<tf.Tensor> | undefined;
  /** Go on where there is a checkpoint, else begin; `resume` is none. */
  readonly auto: boolean;
  readonly resume: FolderCheckpoint | undefined;
  readonly init: Checkpoint | undefined;
}

async function trainAndValidate(training: Training): Promise<number> {
  const { folder, resume } = await placeOf(training);
  // Whoever goes on has weights of its own.
  const init = resume ? undefined : training.init;
  try {
    return await trainIn(folder, { ...training, resume, init });
  } finally {
    await folder?.close();
  }
}

/** Where the run is written, by the first of several processes, and what all of them go on from. */
async function placeOf(training: Training): Promise<Partial<NewOrResumed>> {
  const { config, terminal, processes, auto, resume } = training;
  if (auto) return resumeTogether(config, terminal, processes);
  if ((processes?.rank ?? 0) > 0) return { resume };
  return {
    resume,
    folder: resume ? await resumedRunFolder(config, resume, terminal) : await newRunFolder(config, terminal),
  };
}

/** @param folder none in a process that writes nothing */
async function trainIn(folder: RunFolder | undefined, training: Training): Promise<number> {
  const { file, plugin, config, registry, terminal, signal, processes, resume, init } = training;
  const isFirst = folder !== undefined;
  const data = await loadRunData(config, {
    ...{ registry, signal, processes, reporter: terminal },
    goesOn: resume !== undefined,
  });
  const val = isFirst ? data.val && subset(data.val, firstIndices(data.val.length, VALIDATION)) : undefined;
  // Of a model that is trained for something else captions say nothing.
  const writesCaptions = config.task.kind === 'pretrain';
  const samples = val && writesCaptions && subset(val, firstIndices(val.length, SAMPLES));
  const { model, tokenizer, result } = await trainInFolder({
    ...{ config, folder, data, registry, reporter: terminal, resume, init, signal, processes },
    callbacks: trained => [
      progressLine(terminal, config.minutes),
      ...(samples ? [sampleCaptions(terminal, trained, samples)] : []),
    ],
  });
  try {
    reportTraining(terminal, result, data.unreadable ?? [], {
      ...{ folder: runPath(config.name), patience: config.earlyStopping?.patience },
    });
    if (result.reason === 'signal') {
      terminal.note(
        `stopped; go on with: ${programName()} train ${file} --resume ${runPath(config.name)}${pluginArguments(plugin)}`,
      );
      return exitCode.interrupted;
    }
    // First, so that it is read even where validation fails.
    terminal.note(
      `${writesCaptions ? 'caption pictures' : 'evaluate it'} with: ${programName()} ${writesCaptions ? 'caption PICTURE' : 'eval FOLDER'} --checkpoint ${runPath(config.name)}${pluginArguments(config.plugins)}`,
    );
    if (val && writesCaptions) {
      const { predictions, skipped } = await predictCaptions(model, tokenizer, val, { signal });
      if (signal.aborted) {
        terminal.note('stopped before the end of validation; the training is complete');
        return exitCode.interrupted;
      }
      const { exactMatch, wordF1 } = captionMetrics(predictions) as Record<string, number>;
      terminal.note(
        `validation: ${percent(exactMatch!)} exact, word F1 ${wordF1!.toFixed(2)}, on ${countOf(predictions.length, 'picture')}`,
      );
      warnOfSkipped(terminal, `validation left out ${countOf(skipped.draws, 'picture')}:`, skipped);
    }
    return exitCode.ok;
  } finally {
    model.dispose();
  }
}

function firstIndices(length: number, count: number): number[] {
  return Array.from({ length: Math.min(length, count) }, (_, i) => i);
}
