import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '@simvlm/core';
import { clearLeftovers } from '@simvlm/core/node';
import { readSafetensors, writeSafetensors } from '@simvlm/model';
import { type CheckpointFiles, fileOf } from '@simvlm/trainer';
import { folderStorage, loadCheckpoint } from '@simvlm/trainer/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder } from '../io/output-file';
import { filesForUse } from '../pipeline/checkpoint';
import { Terminal } from '../terminal';

export interface ExportOptions {
  checkpoint: string;
  out: string;
  float16?: boolean;
}

/** `simvlm export`: a checkpoint for use, without what only training needs. */
export async function exportCheckpoint({ checkpoint, out, float16 }: ExportOptions): Promise<number> {
  if (await stat(out).catch(() => undefined))
    throw new ConfigError('CONFIG_INVALID', `${out} is there already: give a new folder with --out`);
  await checkOutputFolder(out, 'give another folder with --out');
  await clearLeftovers(out);
  const files = await loadCheckpoint(checkpoint);
  const exported: CheckpointFiles = new Map([
    ...filesForUse(files),
    ['weights.safetensors', weights(files, float16 ?? false)],
  ]);
  await writeFolder(out, exported);
  const bytes = [...exported.values()].reduce((sum, { length }) => sum + length, 0);
  new Terminal().note(`${(bytes / 1e6).toFixed(1)} MB in ${out}`);
  return exitCode.ok;
}

function weights(files: CheckpointFiles, float16: boolean): Uint8Array {
  const { tensors, metadata } = readSafetensors(fileOf(files, 'weights.safetensors'));
  if (float16)
    for (const [name, { values }] of tensors) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      if (largest >= 65_520)
        throw new CheckpointError(
          'CHECKPOINT_MISMATCH',
          `"${name}" holds ${largest}, which float16 cannot: export without --float16`,
        );
    }
  return writeSafetensors(tensors, metadata, float16 ? 'F16' : 'F32');
}

/** Complete or not at all: the storage makes the folder beside its place. */
async function writeFolder(out: string, files: CheckpointFiles): Promise<void> {
  const beside = `${out}.tmp-${process.pid}`;
  try {
    await folderStorage(beside).save(0, files);
    const [name] = await readdir(beside);
    await rename(join(beside, name!), out);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}
