import { join } from 'node:path';
import { type FolderCheckpoint, openCheckpoint } from '@simvlm/checkpoint/node';
import { Random, type Registry } from '@simvlm/core';
import { datasetSource, subset } from '@simvlm/data';
import { attributionText, type EmojiDataset } from '@simvlm/dataset-emoji';
import {
  checkpointRunConfig,
  demoConfig,
  type RunConfig,
  type RunSource,
  withShuffledImages,
} from '@simvlm/run';
import {
  emojiSplits,
  evaluateSplits,
  holdsRun,
  loadRunData,
  newRunFolder,
  type RunFolder,
  resumedRunFolder,
  runPath,
  runRegistry,
  trainInFolder,
} from '@simvlm/run/node';
import type { PickedBackend } from '@simvlm/runtime';
import { firstLook } from '../demo/first-look';
import { machineLine, programName } from '../environment';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { checkOutputFolder } from '../io/output-file';
import { progressLine, reportTraining, sampleCaptions } from '../progress';
import { writeReport } from '../report/assemble';
import { scoreTable, textTable } from '../report/score-table';
import { duration, printLine, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';

export interface DemoOptions extends ComputeOptions {
  minutes: number;
  name: string;
  seed: number;
  shuffleImages?: boolean;
  resume?: boolean;
}

/** Pictures by the unseen artist that are captioned once a minute. */
const SAMPLES = 5;

/** `simvlm demo`. */
export async function demo(options: DemoOptions): Promise<number> {
  const terminal = new Terminal();
  const resume = options.resume ? await openCheckpoint(runPath(options.name)) : undefined;
  const name = options.resume ? options.name : await freeName(options.name);
  const { minutes, seed } = options;
  const given: RunConfig = resume
    ? { ...(await checkpointRunConfig(resume)), name }
    : { ...demoConfig(), name, seed, minutes };
  const config: RunConfig = { ...given, precision: options.precision ?? given.precision };
  const backend = await startBackend({ ...options, precision: config.precision });
  terminal.note(`backend ${backend.name} (${backend.detail}): ${backend.reason}`);
  await checkOutputFolder(runPath(name), 'choose another run with --name, or another working directory');
  const registry = await runRegistry();

  const folder = resume
    ? await resumedRunFolder(config, resume, terminal)
    : await newRunFolder(config, terminal);
  try {
    return await interruptible(terminal, signal =>
      trainAndEvaluate({ options, config, backend, resume, registry, terminal, folder, signal }),
    );
  } finally {
    await folder.close();
  }
}

interface Demo {
  readonly options: DemoOptions;
  readonly config: RunConfig;
  readonly backend: PickedBackend;
  readonly resume: FolderCheckpoint | undefined;
  readonly registry: Registry;
  readonly terminal: Terminal;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
}

async function trainAndEvaluate(demo: Demo): Promise<number> {
  const { options, config, backend, resume, registry, terminal, folder, signal } = demo;
  const { name, seed } = config;
  if (!resume) {
    terminal.heading('The bundled model, on pictures by an artist it has never seen');
    await firstLook(terminal, registry);
  }
  terminal.heading('Data');
  const loaded = await loadRunData(config, {
    ...{ registry, signal, reporter: terminal },
  });
  const emoji = loaded.emoji!;
  const data = options.shuffleImages ? { ...loaded, train: [shuffledEmoji(emoji, seed)] } : loaded;

  terminal.heading(`Training for ${duration((config.minutes ?? options.minutes) * 60)}, into ${folder.path}`);
  const samples = Random.fromSeed(0).fork('samples').permutation(emoji.unseenArtist.length);
  const pictures = subset(emoji.unseenArtist, samples.subarray(0, SAMPLES));
  const { model, tokenizer, result } = await trainInFolder({
    ...{ config, folder, data, registry, reporter: terminal, resume, signal },
    callbacks: trained => [
      progressLine(terminal, config.minutes),
      sampleCaptions(terminal, trained, pictures),
    ],
  });
  try {
    reportTraining(terminal, result, data.unreadable ?? []);
    if (result.reason === 'signal') {
      terminal.note(`stopped; go on with: ${programName()} demo --resume --name ${name}`);
      return exitCode.interrupted;
    }
    terminal.heading('Evaluation, on pictures it has never seen');
    const results = await evaluateSplits(
      model,
      tokenizer,
      { emoji, splits: emojiSplits(emoji) },
      terminal,
      signal,
    ).catch(error => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!results) {
      terminal.note(
        `stopped; the model is trained: evaluate it with ${programName()} demo --resume --name ${name}`,
      );
      return exitCode.interrupted;
    }
    const { head, rows, note } = scoreTable(results);
    let report: string;
    try {
      report = await writeReport(folder.path, {
        title: 'SimVLM, trained from scratch on emoji',
        summary: [
          [
            'training',
            `${result.step.toLocaleString('en')} steps, ${result.rows.toLocaleString('en')} examples, ${duration(result.seconds)}`,
          ],
          [
            'model',
            `${typeof config.model === 'string' ? config.model : 'own configuration'}, seed ${config.seed}`,
          ],
          ['backend', `${backend.name} (${backend.detail})`],
          ['machine', machineLine()],
          ...(options.shuffleImages
            ? [['control', 'trained with the images shuffled against their captions'] as const]
            : []),
        ],
        results,
        attribution: attributionText(emoji.attribution).split('\n'),
      });
    } finally {
      // Last, because the command ends when nobody reads its results; and even where the report cannot be written.
      printLine(textTable(head, rows));
      terminal.note(note);
    }
    terminal.heading('Done');
    terminal.note(`report      ${report}`);
    terminal.note(`checkpoint  ${join(folder.path, 'checkpoints')}`);
    terminal.note(`try         ${programName()} caption --checkpoint ${folder.path} PICTURE...`);
    return exitCode.ok;
  } finally {
    model.dispose();
  }
}

/** A new run never writes into an old one's folder. */
async function freeName(name: string): Promise<string> {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}-${count}`;
    if (!(await holdsRun(candidate))) return candidate;
  }
}

/** Its training pictures with one another's captions. */
function shuffledEmoji({ train, trainWeight }: EmojiDataset, seed: number): RunSource {
  const shuffled = withShuffledImages(train, seed);
  return {
    source: datasetSource(shuffled, { name: 'emoji, shuffled', weight: trainWeight }),
    ...{ length: train.length, isDecoded: true },
  };
}
