import { TENSORS, tensorFileNames } from '@simvlm/checkpoint';
import { type FileCache, type KeptOptions, openKeptCheckpoint } from '@simvlm/checkpoint/browser';
import { pickBackend } from '@simvlm/runtime';
import { type Captioner, type OpenCaptionerOptions, openCaptioner } from './captioner';
import { ownParts } from './registry';

/** How far a model is loaded. */
export interface LoadProgress {
  /** Bytes of weights that are there. */
  readonly bytes: number;
  /** Bytes of all weights. */
  readonly of: number;
}

export interface LoadModelOptions
  extends OpenCaptionerOptions,
    Pick<KeptOptions, 'fetch' | 'headers' | 'signal' | 'delays'> {
  onProgress?(progress: LoadProgress): void;
  /** The backend to take; default: the fastest that works here. */
  readonly backend?: string;
  /** Whether the browser keeps the files for the next visit. Default true, where it can. */
  readonly keep?: boolean;
}

/** Where all pages of an origin keep files of models. */
const CACHE = 'simvlm';

/**
 * Loads a model from a web server, ready to caption pictures:
 *
 *     const model = await loadModel('https://example.org/my-model/');
 *     const [caption] = await model.caption([picture]);
 *     console.log(caption.text);
 *
 * It picks the backend, reads of the checkpoint what captions need, and keeps it in the browser: the next visit downloads nothing that did not
 * change, and works without a network.
 *
 * @param address of a checkpoint's folder, http or https; in a page, relative to it
 * @throws CheckpointError, TokenizerError for a checkpoint that is missing or damaged; BackendError; PluginError
 */
export async function loadModel(
  address: string | URL,
  {
    onProgress,
    backend,
    keep = true,
    plugins = [],
    registry = ownParts().use(...plugins),
    ...http
  }: LoadModelOptions = {},
): Promise<Captioner> {
  const cache = keep ? await browserCache() : undefined;
  const there = new Map<string, number>();
  let of = 0;
  const onBytes = (name: string, bytes: number) => {
    if (!there.has(name)) return;
    there.set(name, bytes);
    onProgress?.({ bytes: [...there.values()].reduce((sum, some) => sum + some, 0), of });
  };
  const checkpoint = await openKeptCheckpoint(addressOf(address), {
    ...http,
    ...(cache && { cache }),
    onBytes,
  });
  for (const name of tensorFileNames(checkpoint, TENSORS.weights)) {
    there.set(name, 0);
    of += (await checkpoint.file(name)).size;
  }
  await pickBackend({ registry, ...(backend !== undefined && { prefer: backend }) });
  return openCaptioner(checkpoint, { registry });
}

/** Relative to the page, where there is one. */
function addressOf(address: string | URL): string | URL {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  return page !== undefined && URL.canParse(address, page) ? new URL(address, page) : address;
}

/** The browser's store; undefined where a page has none, as over plain http, or it is forbidden. */
async function browserCache(): Promise<FileCache | undefined> {
  try {
    return await globalThis.caches?.open(CACHE);
  } catch {
    return undefined;
  }
}
