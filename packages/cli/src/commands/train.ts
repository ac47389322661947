import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@simvlm/core';
import { subset } from '@simvlm/data';
import { captionMetrics, predictCaptions } from '@simvlm/eval';
import { pickBackend } from '@simvlm/runtime';
import { readRunConfig } from '../config/run-config';
import { programName } from '../environment';
import { exitCode } from '../exit-code';
import { RUNS, readCheckpoint } from '../pipeline/checkpoint';
import { loadRunData } from '../pipeline/data';
import { interruptible } from '../pipeline/interrupt';
import { imageSizeOf } from '../pipeline/model';
import { runRegistry } from '../pipeline/registry';
import { runTraining } from '../pipeline/run';
import { percent, Terminal } from '../terminal';

export interface TrainCommandOptions {
  resume?: string;
  set: string[];
  backend?: string;
}

/** Validation pictures that are captioned at the end. */
const VALIDATION = 500;
/** Validation pictures that are captioned once a minute. */
const SAMPLES = 4;

/** `simvlm train`. */
export async function trainCommand(file: string, options: TrainCommandOptions): Promise<number> {
  const terminal = new Terminal();
  const config = await readRunConfig(file, options.set);
  // Whatever is wrong with the configuration is said before anything starts.
  const imageSize = imageSizeOf(config);
  const registry = await runRegistry(config.plugins);
  const resume = options.resume === undefined ? undefined : await readCheckpoint(options.resume);
  const backend = await pickBackend(options.backend ? { prefer: options.backend } : {});
  terminal.note(`backend ${backend.name} (${backend.detail}): ${backend.reason}`);
  const folder = join(RUNS, config.name);
  if (!resume && (await stat(folder).catch(() => undefined)))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${folder} holds a run already: go on with --resume ${folder}, or give another --set name=…`,
    );
  return interruptible(terminal, async signal => {
    const data = await loadRunData(config, imageSize, terminal, signal);
    const val = data.val && subset(data.val, firstIndices(data.val.length, VALIDATION));
    const { model, tokenizer, result } = await runTraining({
      ...{ config, folder, data, registry, terminal, signal },
      ...(resume && { resume }),
      ...(val && { samples: subset(val, firstIndices(val.length, SAMPLES)) }),
    });
    try {
      if (result.interrupted) {
        terminal.note(`stopped; go on with: ${programName()} train ${file} --resume ${folder}`);
        return exitCode.interrupted;
      }
      if (val) {
        const { predictions } = await predictCaptions(model, tokenizer, val, { signal });
        const { exactMatch, wordF1 } = captionMetrics(predictions) as Record<string, number>;
        terminal.note(`validation: ${percent(exactMatch!)} exact, word F1 ${wordF1!.toFixed(2)}`);
      }
      terminal.note(`caption pictures with: ${programName()} caption PICTURE --checkpoint ${folder}`);
      return exitCode.ok;
    } finally {
      model.dispose();
    }
  });
}

function firstIndices(length: number, count: number): number[] {
  return Array.from({ length: Math.min(length, count) }, (_, i) => i);
}
