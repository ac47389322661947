import { addToCheckpoint, openCheckpoint } from '@simvlm/checkpoint/node';
import { ConfigError, type ExampleDataset } from '@simvlm/core';
import { type Captioner, calibrate, doubtFile, openCaptioner, openSet } from '@simvlm/run';
import { nodePlaces, prepareEmoji, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { percent, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';
import { sourceConfig } from './data-open';
import type { SourceOptions } from './data-source';

export interface CalibrateCommandOptions extends ComputeOptions, SourceOptions {
  checkpoint: string;
  val?: string;
  /** Share, 0 to 1. */
  refuse: number;
  plugin?: readonly string[];
}

/** The file that it writes, in the words of the messages. */
const FILE = 'doubt.json';

/** `simvlm calibrate`: measures when a checkpoint should say that it does not know, and writes that beside its weights. */
export async function calibrateCommand(
  words: readonly string[],
  options: CalibrateCommandOptions,
): Promise<number> {
  const terminal = new Terminal();
  if (/^(https?:\/\/|hf:)/i.test(options.checkpoint))
    throw new ConfigError(
      'CONFIG_INVALID',
      `calibrate: --checkpoint ${options.checkpoint} is on another machine, where ${FILE} cannot be written: give a folder`,
    );
  const checkpoint = await openCheckpoint(options.checkpoint);
  const registry = await runRegistry(options.plugin);
  const backend = await startBackend(options, registry);
  terminal.note(`backend ${backend.name} (${backend.detail}): ${backend.reason}`);
  return interruptible(terminal, async signal => {
    const captioner = await openCaptioner(checkpoint, { registry });
    const bar = terminal.bar('looking at pictures');
    try {
      const sets = await datasetsOf(words, options, { captioner, registry, terminal, signal });
      const scale = await calibrate(captioner, {
        ...{ ...sets, refuse: options.refuse, signal },
        onProgress: (done, total) => bar.update(done, total),
      });
      await addToCheckpoint(checkpoint.folder, FILE, doubtFile(scale));
      bar.stop();
      const { right, wrong, rightRefused, wrongRefused } = scale.measured;
      terminal.note(
        `unsure about ${percent(rightRefused)} of ${right} right captions and ${percent(wrongRefused)} of ${wrong} wrong ones`,
      );
      terminal.note(`written to ${checkpoint.folder}/${FILE}`);
      return exitCode.ok;
    } catch (error) {
      if (signal.aborted) return exitCode.interrupted;
      throw error;
    } finally {
      bar.stop();
      captioner.dispose();
    }
  });
}

interface Setting {
  readonly captioner: Captioner;
  readonly registry: Awaited<ReturnType<typeof runRegistry>>;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function datasetsOf(
  words: readonly string[],
  options: CalibrateCommandOptions,
  { captioner, registry, terminal, signal }: Setting,
): Promise<{ readonly known: ExampleDataset; readonly val: ExampleDataset }> {
  const { model, config: run } = captioner;
  if (words.length === 1 && words[0] === 'emoji') {
    const { train, val } = await prepareEmoji(run?.data.train, model.config.imageSize, terminal, signal);
    return { known: train, val };
  }
  if (options.val === undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      'calibrate: give pictures with captions that the model was not trained on, --val FOLDER',
    );
  const examples = async (source: Parameters<typeof openSet>[0]) =>
    (await openSet(source, { registry, places: nodePlaces })).examples({
      ...{ model: model.config, run, isPictureOptional: false },
    });
  return {
    known: await examples(sourceConfig(words, options)),
    val: await examples(sourceConfig([options.val], {})),
  };
}
