import { bytesText, checkNewFolder, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { ConfigError } from '@simvlm/core';
import { exportFolder } from '@simvlm/pretrained/node';
import { contentsForUse, openForUse, type WeightForm, weightsAs } from '@simvlm/run';
import { checkpointAt, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder } from '../io/output-file';
import { Terminal } from '../terminal';

export interface ExportOptions {
  checkpoint: string;
  out: string;
  weights?: WeightForm;
  format: 'simvlm' | 'hf';
  plugin?: string[];
}

/** `simvlm export`: a checkpoint for use, without what only training needs. Weights go from file to file, one tensor at a time. */
export async function exportCheckpoint({
  checkpoint: path,
  out,
  weights: form,
  format,
  plugin,
}: ExportOptions): Promise<number> {
  if (format === 'hf' && (form === 'int8' || form === 'int4'))
    throw new ConfigError(
      'CONFIG_INVALID',
      `--weights ${form}: transformers has no such weights; give float32 or float16 with --format hf`,
    );
  await checkOutputFolder(out, 'give another folder with --out');
  await checkNewFolder(out);
  const checkpoint = await checkpointAt(path, new Terminal());
  if (format === 'hf')
    return written(await exportFolder(checkpoint, out, { dtype: form === 'float16' ? 'F16' : 'F32' }), out);
  const opened = await openForUse(checkpoint);
  const registry = await runRegistry(plugin);
  const own = await opened.weights(registry);
  const { weights, model, dtype } = await weightsAs(own, opened.config, form, registry);
  const contents = await contentsForUse(checkpoint, weights, { dtype, model });
  return written(await writeCheckpointFolder(out, contents), out);
}

function written(bytes: number, out: string): number {
  new Terminal().note(`${bytesText(bytes)} in ${out}`);
  return exitCode.ok;
}
