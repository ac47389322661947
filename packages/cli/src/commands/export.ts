import type { TensorSet, TensorSource } from '@simvlm/checkpoint';
import { bytesText, checkNewFolder, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { CheckpointError } from '@simvlm/core';
import { exportFolder } from '@simvlm/pretrained/node';
import { contentsForUse, openForUse } from '@simvlm/run';
import { checkpointAt, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder } from '../io/output-file';
import { Terminal } from '../terminal';

export interface ExportOptions {
  checkpoint: string;
  out: string;
  float16?: boolean;
  format: 'simvlm' | 'hf';
  plugin?: string[];
}

/** `simvlm export`: a checkpoint for use, without what only training needs. Weights go from file to file, one tensor at a time. */
export async function exportCheckpoint({
  checkpoint: path,
  out,
  float16,
  format,
  plugin,
}: ExportOptions): Promise<number> {
  await checkOutputFolder(out, 'give another folder with --out');
  await checkNewFolder(out);
  const checkpoint = await checkpointAt(path, new Terminal());
  const dtype = float16 ? 'F16' : 'F32';
  if (format === 'hf') return written(await exportFolder(checkpoint, out, { dtype }), out);
  const opened = await openForUse(checkpoint);
  const weights = await opened.weights(await runRegistry(plugin));
  if (float16) await checkFloat16(weights);
  const contents = await contentsForUse(checkpoint, weights, { dtype });
  return written(await writeCheckpointFolder(out, contents), out);
}

function written(bytes: number, out: string): number {
  new Terminal().note(`${bytesText(bytes)} in ${out}`);
  return exitCode.ok;
}

/** float16 ends at 65,504; what rounds to it is below 65,520. */
async function checkFloat16({ tensors }: TensorSet): Promise<void> {
  for (const [name, tensor] of tensors) {
    const largest = await largestOf(tensor);
    if (largest >= 65_520)
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `"${name}" holds ${largest}, which float16 cannot: export without --float16`,
      );
  }
}

async function largestOf(tensor: TensorSource): Promise<number> {
  let largest = 0;
  for (const value of await tensor.read()) if (Math.abs(value) > largest) largest = Math.abs(value);
  return largest;
}
