import type { ByteSource } from '@simvlm/bytes';
import { type Checkpoint, FILES, openHttpCheckpoint, TENSORS, tensorFileNames } from '@simvlm/checkpoint';
import { folderCheckpoint } from '@simvlm/checkpoint/browser';
import { parameterCount } from '@simvlm/core';
import { modelParameters } from '@simvlm/model';
import { memoryLimit } from '@simvlm/ops';
import { openForUse, ownParts } from '@simvlm/run';
import type { CheckpointSource, LoadProgress, ModelOffer, StudioFailure } from './engine';
import { studioError } from './failures';
import { kindOf, originOf } from './origin';

/** A checkpoint that is open, whose weights are not loaded yet. */
export interface Offered {
  readonly checkpoint: Checkpoint;
  readonly offer: ModelOffer;
}

/** Pixels of a picture's side: what a layer makes of larger ones takes gigabytes, however few weights it has. */
const MAX_SIDE = 1024;
/** Bytes of weights on a backend that says no limit: a tab that takes more is likely to be ended by its browser. */
const MAX_MEMORY = 4 * 2 ** 30;

/**
 * Opens a checkpoint as far as it takes to say what it is: configurations, tokenizer, and the names and shapes of the weights.
 *
 * @param fetch asks other machines, where the address leads to one
 * @throws CheckpointError and the like when it is damaged; StudioError when it is no checkpoint of ours
 */
export async function openOffer(source: CheckpointSource, fetch: typeof globalThis.fetch): Promise<Offered> {
  const checkpoint =
    source.kind === 'address'
      ? await openHttpCheckpoint(source.address, { fetch })
      : await folderCheckpoint(new Map(source.files.map(({ name, file }) => [name, file])));
  if (checkpoint.names.includes('config.json') && !checkpoint.names.includes(FILES.model))
    throw studioError(
      'CHECKPOINT_UNKNOWN',
      'This folder is in the format of Hugging Face',
      'Convert it once on the command line: simvlm import FOLDER --out DIR. Then open DIR here.',
      new Error(`${checkpoint.where} has config.json and no ${FILES.model}`),
    );
  const opened = await openForUse(checkpoint);
  const { config } = opened;
  const registry = ownParts();
  // Before anything is counted by a configuration that may be a stranger's.
  await opened.weights(registry);
  const parameters = parameterCount(modelParameters(config, registry));
  const origin = await originOf(checkpoint);
  const memory = 4 * parameters;
  const refusal = refusalOf(memory, config.imageSize);
  const offer: ModelOffer = {
    name: origin?.repository ?? opened.run?.name ?? 'imported',
    ...{ parameters, memory, imageSize: config.imageSize, vocabSize: config.vocabSize },
    ...kindOf(origin),
    bytes: await weightBytes(checkpoint),
    remote: checkpoint.remote ?? false,
    ...(origin && { origin }),
    ...(refusal && { refusal }),
  };
  return { checkpoint, offer };
}

function refusalOf(memory: number, side: number): StudioFailure | undefined {
  const limit = Math.min(memoryLimit() ?? MAX_MEMORY, MAX_MEMORY);
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const advice =
    'The command line has the memory of the machine: simvlm caption PICTURE --checkpoint FOLDER.';
  if (memory > limit)
    return {
      code: 'CHECKPOINT_TOO_LARGE',
      title: `Its weights take ${gibibytes(memory)}, and this page has ${gibibytes(limit)}`,
      advice: `Smaller numbers may fit: simvlm export --weights int8. ${advice}`,
    };
  if (side > MAX_SIDE)
    return {
      code: 'CHECKPOINT_TOO_LARGE',
      title: `It reads pictures of ${side} pixels a side, and this page has room for ${MAX_SIDE}`,
      advice,
    };
  return undefined;
}

async function weightBytes(checkpoint: Checkpoint): Promise<number> {
  let bytes = 0;
  for (const name of tensorFileNames(checkpoint, TENSORS.weights))
    bytes += (await checkpoint.file(name)).size;
  return bytes;
}

/** The same checkpoint, which tells how much of its weights was read. */
export function withProgress(
  checkpoint: Checkpoint,
  total: number,
  onProgress: (progress: LoadProgress) => void | Promise<void>,
): Checkpoint {
  let loaded = 0;
  const weights = tensorFileNames(checkpoint, TENSORS.weights);
  return {
    ...checkpoint,
    async file(name) {
      const source = await checkpoint.file(name);
      return weights.includes(name) ? counted(source) : source;
    },
  };

  function counted(source: ByteSource): ByteSource {
    return {
      ...source,
      async read(begin, into) {
        await source.read(begin, into);
        loaded = Math.min(total, loaded + into.length);
        await onProgress({ stage: 'weights', loaded, total });
      },
    };
  }
}
