import type { CheckpointFiles } from '@simvlm/checkpoint';
import type { LoadProgress } from './engine';
import { studioError } from './failures';

/** Weights, tokenizer and configuration, kept by the engine alone; what the page itself is made of is the service worker's to keep. */
const CACHE = 'studio-loaded';

/**
 * Loads the files of a checkpoint, from the browser's cache where they are there already: names carry a hash of the contents.
 *
 * @param addresses by the names of the files
 * @param onProgress of the weights, which are nearly all of it
 */
export async function download(
  addresses: Readonly<Record<string, string>>,
  onProgress: (progress: LoadProgress) => void | Promise<void>,
): Promise<CheckpointFiles> {
  const files = new Map<string, Uint8Array>();
  for (const [name, address] of Object.entries(addresses)) {
    const isWeights = name.endsWith('.safetensors');
    const progress = async (loaded: number, total: number) => {
      if (isWeights) await onProgress({ stage: 'weights', loaded, total });
    };
    files.set(name, await loadFile(address, progress));
  }
  return files;
}

async function loadFile(
  address: string,
  onProgress: (loaded: number, total: number) => Promise<void>,
): Promise<Uint8Array> {
  // Without a secure context there is no cache.
  const cache = globalThis.caches;
  const kept = await cache?.match(address, { ignoreVary: true });
  const response = kept ?? (await request(address));
  let bytes: Uint8Array;
  try {
    bytes = await readWithProgress(response, onProgress);
  } catch (error) {
    throw network(address, error);
  }
  if (!kept && cache) await keep(cache, address, bytes);
  return bytes;
}

async function request(address: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw network(address, error);
  }
  if (!response.ok) throw network(address, new Error(`the server says ${response.status}`));
  return response;
}

async function readWithProgress(
  { body, headers }: Response,
  onProgress: (loaded: number, total: number) => Promise<void>,
): Promise<Uint8Array> {
  // The length of a compressed response is not that of its content.
  const total = headers.has('content-encoding') ? 0 : Number(headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    loaded += part.value.length;
    await onProgress(loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (total > 0 && loaded !== total) throw new Error(`${loaded} of ${total} bytes came`);
  return bytes;
}

/** For the next visit, without a network too; older weights go. A full disk costs that visit, not this one. */
async function keep(caches: CacheStorage, address: string, bytes: Uint8Array): Promise<void> {
  try {
    // The service worker may have kept it on the way.
    if (await caches.match(address, { ignoreVary: true })) return;
    const cache = await caches.open(CACHE);
    const ending = /\.[a-z]+$/.exec(address)?.[0];
    if (ending === '.safetensors')
      for (const old of await cache.keys()) if (old.url.endsWith(ending)) await cache.delete(old);
    await cache.put(
      address,
      new Response(bytes as BodyInit, { headers: { 'content-length': `${bytes.length}` } }),
    );
  } catch (error) {
    console.warn(`not kept for the next visit: ${address}: ${error}`);
  }
}

function network(address: string, cause: unknown) {
  return studioError(
    'NETWORK',
    'The model could not be loaded',
    'See to the connection and try again. Once loaded, the page works without a network.',
    new Error(`${address}: ${cause instanceof Error ? cause.message : cause}`, { cause }),
  );
}
