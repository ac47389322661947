import { afterEach, describe, expect, test, vi } from 'vitest';
import { download } from '../src/engine/download';
import type { LoadProgress } from '../src/engine/engine';
import { StudioError } from '../src/engine/failures';

const weights = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const model = new TextEncoder().encode('{}');
const addresses = {
  'model.json': 'https://studio.example/assets/model-abc.json',
  'weights.safetensors': 'https://studio.example/assets/weights-abc.safetensors',
};

/** A server that sends files in chunks; `change` makes it fail. */
function serve(change: (address: string) => Response | Error | undefined = () => undefined) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (address: string) => {
    asked.push(address);
    const changed = change(address);
    if (changed instanceof Error) throw changed;
    return changed ?? response(address.endsWith('.json') ? model : weights);
  });
  return asked;
}

function response(bytes: Uint8Array, length = bytes.length): Response {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 400) controller.enqueue(bytes.slice(at, at + 400));
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-length': `${length}` } });
}

/** The browser's caches, in memory. */
function keepInMemory({ isFull = false } = {}) {
  const kept = new Map<string, Response>();
  const cache = {
    keys: async () => [...kept.keys()].map(url => ({ url })),
    delete: async ({ url }: { url: string }) => kept.delete(url),
    async put(address: string, what: Response) {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      kept.set(address, what);
    },
  };
  vi.stubGlobal('caches', {
    match: async (address: string) => kept.get(address)?.clone(),
    open: async () => cache,
  });
  return kept;
}

async function failureOf(action: Promise<unknown>) {
  const error = await action.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StudioError);
  return (error as StudioError).failure;
}

afterEach(() => vi.unstubAllGlobals());

describe('the shipped files', () => {
  test('come with progress, and from the cache the next time, without a network', async () => {
    const asked = serve();
    const kept = keepInMemory();
    const progress: LoadProgress[] = [];
    const first = await download(addresses, now => void progress.push(now));
    expect(first).toEqual(
      new Map([
        ['model.json', model],
        ['weights.safetensors', weights],
      ]),
    );
    expect(progress).toEqual([400, 800, 1000].map(loaded => ({ stage: 'weights', loaded, total: 1000 })));
    expect([...kept.keys()]).toEqual(Object.values(addresses));
    expect(asked).toEqual(Object.values(addresses));
    serve(() => new TypeError('Failed to fetch'));
    expect(await download(addresses, () => {})).toEqual(first);
  });

  test('of a new version take the place of the old weights', async () => {
    serve();
    const kept = keepInMemory();
    await download(addresses, () => {});
    const newer = { 'weights.safetensors': 'https://studio.example/assets/weights-def.safetensors' };
    await download(newer, () => {});
    expect([...kept.keys()]).toEqual([addresses['model.json'], newer['weights.safetensors']]);
  });

  test('come without a cache, and where it is full', async () => {
    serve();
    expect((await download(addresses, () => {})).get('weights.safetensors')).toEqual(weights);
    keepInMemory({ isFull: true });
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect((await download(addresses, () => {})).get('weights.safetensors')).toEqual(weights);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('not kept for the next visit'));
    warned.mockRestore();
  });

  test.each([
    ['no network', () => new TypeError('Failed to fetch')],
    ['a file that is not there', () => new Response('', { status: 404 })],
    ['a connection that breaks', () => response(weights.subarray(0, 500), 1000)],
  ])('%s is said, and nothing of it is kept', async (_, change) => {
    serve(address => (address.endsWith('.safetensors') ? change() : undefined));
    const kept = keepInMemory();
    const failure = await failureOf(download(addresses, () => {}));
    expect(failure).toMatchObject({
      code: 'NETWORK',
      detail: expect.stringContaining(addresses['weights.safetensors']),
    });
    expect([...kept.keys()]).toEqual([addresses['model.json']]);
  });
});
