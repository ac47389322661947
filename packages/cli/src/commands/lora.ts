import { readFile } from 'node:fs/promises';
import { FILES, readAll, type TensorSet, tensorSources } from '@simvlm/checkpoint';
import { checkNewFolder, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { CheckpointError, ConfigError, type Registry } from '@simvlm/core';
import {
  adaptersOf,
  checkWeights,
  mergedTensors,
  readAdapters,
  type SimVlmConfig,
  writeAdapters,
} from '@simvlm/model';
import { contentsForUse, type OpenedCheckpoint, openForUse, type RunConfig } from '@simvlm/run';
import { checkpointAt, runRegistry } from '@simvlm/run/node';
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
  const checkpoint = await checkpointAt(path, new Terminal());
  const opened = await openForUse(checkpoint);
  const registry = await runRegistry(plugin);
  const { lora, weights } =
    adapters === undefined
      ? { lora: ownAdapters(path, opened.config), weights: await opened.weights(registry) }
      : await withFile(path, opened, adapters, registry);
  const { lora: _, ...plain } = opened.config;
  const { lora: __, ...run } = opened.run ?? {};
  const contents = await contentsForUse(checkpoint, mergedTensors(weights, lora), {
    model: plain,
    ...(opened.run && { run: run as RunConfig }),
  });
  // What the model does not know was measured without adapters that come from elsewhere.
  const fitting =
    adapters === undefined ? contents : new Map([...contents].filter(([name]) => name !== FILES.doubt));
  await writeCheckpointFolder(out, fitting);
  new Terminal().note(`merged into ${out}`);
  return exitCode.ok;
}

/** `simvlm lora extract`. */
export async function loraExtract(
  path: string,
  { out, plugin }: { readonly out: string; readonly plugin?: string[] },
): Promise<number> {
  const output = await openOutput(out, 'give another file with --out');
  const checkpoint = await checkpointAt(path, new Terminal());
  const opened = await openForUse(checkpoint);
  const lora = ownAdapters(path, opened.config);
  const { tensors, metadata } = await opened.weights(await runRegistry(plugin));
  const adapters = await readAll({ tensors: adaptersOf(tensors), metadata });
  await output.write(writeAdapters(adapters, lora));
  new Terminal().note(`adapters of rank ${lora.rank} in ${out}`);
  return exitCode.ok;
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
  opened: OpenedCheckpoint,
  name: string,
  registry: Registry,
): Promise<{ lora: Lora; weights: TensorSet }> {
  const { config } = opened;
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
  const { tensors, metadata } = await opened.weights(registry);
  const weights = { tensors: new Map([...tensors, ...tensorSources(adapters)]), metadata };
  checkWeights({ ...config, lora }, weights, registry, name);
  return { lora, weights };
}
