import { readFile } from 'node:fs/promises';
import { type Checkpoint, readAll, type TensorSet, tensorSources } from '@simvlm/checkpoint';
import { checkNewFolder, openCheckpointAt, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { CheckpointError, ConfigError } from '@simvlm/core';
import {
  adaptersOf,
  checkpointModelConfig,
  checkWeights,
  mergedTensors,
  openWeights,
  readAdapters,
  type SimVlmConfig,
  writeAdapters,
} from '@simvlm/model';
import { checkpointRunConfig, contentsForUse, withPluginAdvice } from '@simvlm/run';
import { runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { checkOutputFolder, openOutput } from '../io/output-file';
import { Terminal } from '../terminal';

/** `simvlm lora merge`: a checkpoint for use and for `--init`; it has no optimiser, as its weights are others than were trained. */
export async function loraMerge(
  path: string,
  { out, adapters, plugin }: { readonly out: string; readonly adapters?: string; readonly plugin?: string[] },
): Promise<number> {
  await checkOutputFolder(out, 'give another folder with --out');
  await checkNewFolder(out);
  const checkpoint = await openCheckpointAt(path);
  const config = await checkpointModelConfig(checkpoint);
  const { lora, weights } =
    adapters === undefined
      ? {
          lora: ownAdapters(path, config),
          weights: await weightsOf(checkpoint, config, plugin),
        }
      : await withFile(path, checkpoint, config, adapters, plugin);
  const { lora: _, ...plain } = config;
  const { lora: __, ...run } = await checkpointRunConfig(checkpoint);
  const contents = await contentsForUse(checkpoint, mergedTensors(weights, lora), { model: plain, run });
  await writeCheckpointFolder(out, contents);
  new Terminal().note(`merged into ${out}`);
  return exitCode.ok;
}

/** `simvlm lora extract`. */
export async function loraExtract(
  path: string,
  { out, plugin }: { readonly out: string; readonly plugin?: string[] },
): Promise<number> {
  const output = await openOutput(out, 'give another file with --out');
  const checkpoint = await openCheckpointAt(path);
  const config = await checkpointModelConfig(checkpoint);
  const lora = ownAdapters(path, config);
  const { tensors, metadata } = await weightsOf(checkpoint, config, plugin);
  const adapters = await readAll({ tensors: adaptersOf(tensors), metadata });
  await output.write(writeAdapters(adapters, lora));
  new Terminal().note(`adapters of rank ${lora.rank} in ${out}`);
  return exitCode.ok;
}

/** The weights of a checkpoint, known to be its configuration's. */
function weightsOf(
  checkpoint: Checkpoint,
  config: SimVlmConfig,
  plugins: readonly string[] | undefined,
): Promise<TensorSet> {
  return withPluginAdvice(checkpoint, async () =>
    openWeights(checkpoint, config, await runRegistry(plugins)),
  );
}

type Lora = NonNullable<SimVlmConfig['lora']>;

function ownAdapters(path: string, { lora }: SimVlmConfig): Lora {
  if (!lora)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${path} has no adapters: it was not trained with "lora" in its config`,
    );
  return lora;
}

/** The weights of a checkpoint that has no adapters, with those of a file beside them: all of them must be there, and fit. */
async function withFile(
  path: string,
  checkpoint: Checkpoint,
  config: SimVlmConfig,
  name: string,
  plugins?: readonly string[],
): Promise<{ lora: Lora; weights: TensorSet }> {
  if (config.lora)
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
  const { adapters, lora } = readAdapters(bytes, name);
  const { tensors, metadata } = await weightsOf(checkpoint, config, plugins);
  const weights = { tensors: new Map([...tensors, ...tensorSources(adapters)]), metadata };
  checkWeights({ ...config, lora }, weights, await runRegistry(plugins), name);
  return { lora, weights };
}
