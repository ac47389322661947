import { readdir, readFile } from 'node:fs/promises';
import { CheckpointError, ConfigError } from '@simvlm/core';
import { mergeAdapters, readAdapters, readSafetensors, writeAdapters, writeSafetensors } from '@simvlm/model';
import { type CheckpointFiles, checkpointModelConfig, checkpointTrainerState, fileOf } from '@simvlm/trainer';
import { folderStorage, loadCheckpoint } from '@simvlm/trainer/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder, openOutput } from '../io/output-file';
import { checkpointExtras, checkpointRunConfig, checkpointTokenizer } from '../pipeline/checkpoint';
import { mergedWeights } from '../pipeline/model';
import { Terminal } from '../terminal';

/** `simvlm lora merge`: a checkpoint for use and for `--init`; it has no optimiser, as its weights are others than were trained. */
export async function loraMerge(
  path: string,
  { out, adapters }: { readonly out: string; readonly adapters?: string },
): Promise<number> {
  await checkOutputFolder(out, 'give another folder with --out');
  const held = await readdir(out).catch(() => [] as string[]);
  if (held.length > 0)
    throw new ConfigError('CONFIG_INVALID', `${out} is not empty: give a new folder with --out`);
  const files = await loadCheckpoint(path);
  const { weights, config } =
    adapters === undefined ? merged(path, files) : await withFile(path, files, adapters);
  const { lora: _, ...run } = checkpointRunConfig(files);
  const json = new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`);
  const result = new Map([
    ...checkpointExtras(run, checkpointTokenizer(files)),
    ['weights.safetensors', writeSafetensors(weights, { format: 'simvlm' })],
    ['model.json', json],
  ]);
  await folderStorage(out).save(checkpointTrainerState(files).step, result);
  new Terminal().note(`merged into ${out}`);
  return exitCode.ok;
}

/** `simvlm lora extract`. */
export async function loraExtract(path: string, { out }: { readonly out: string }): Promise<number> {
  const output = await openOutput(out, 'give another file with --out');
  const files = await loadCheckpoint(path);
  const { lora } = checkpointModelConfig(files);
  if (!lora) throw none(path);
  const { tensors } = readSafetensors(fileOf(files, 'weights.safetensors'));
  await output.write(writeAdapters(tensors, lora));
  new Terminal().note(`adapters of rank ${lora.rank} in ${out}`);
  return exitCode.ok;
}

function merged(path: string, files: CheckpointFiles): ReturnType<typeof mergedWeights> {
  if (!checkpointModelConfig(files).lora) throw none(path);
  return mergedWeights(files);
}

async function withFile(
  path: string,
  files: CheckpointFiles,
  name: string,
): Promise<ReturnType<typeof mergedWeights>> {
  if (checkpointModelConfig(files).lora)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${path} has adapters of its own: leave --adapters out, or give a checkpoint without any`,
    );
  let bytes: Uint8Array;
  try {
    bytes = await readFile(name);
  } catch (error) {
    throw new CheckpointError(
      'CHECKPOINT_NOT_FOUND',
      `cannot read ${name}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
      { cause: error },
    );
  }
  const { adapters, lora } = readAdapters(bytes);
  const { weights, config } = mergedWeights(files);
  return { weights: mergeAdapters(new Map([...weights, ...adapters]), lora), config };
}

function none(path: string): ConfigError {
  return new ConfigError(
    'CONFIG_INVALID',
    `${path} has no adapters: it was not trained with "lora" in its config`,
  );
}
