import { checkpointFolder } from '@simvlm/checkpoint/browser';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawing, FakeOpfs, failureOf, json, newEngine, smallCheckpoint } from './fixture';

const address = 'https://models.example/small/';
let shipped: Awaited<ReturnType<typeof smallCheckpoint>>;
let folder: Awaited<ReturnType<typeof checkpointFolder>>;
const source = { repository: 'someone/small', revision: 'abc', model_type: 'git', licence: 'MIT', other: 1 };
beforeAll(async () => {
  shipped = await smallCheckpoint();
  const other = new Map(await smallCheckpoint('decoder-only', 2)).set('source.json', json(source));
  folder = await checkpointFolder(other);
});

/** A server that holds the folder, and writes down what it is asked for. */
function serve(files: ReadonlyMap<string, Uint8Array>) {
  const asked: { name: string; bytes: number }[] = [];
  const fetch = (async (input, init) => {
    const name = String(input).slice(address.length);
    const bytes = files.get(name);
    if (!String(input).startsWith(address) || !bytes) return new Response('', { status: 404 });
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '');
    const part = range ? bytes.slice(Number(range[1]), Number(range[2]) + 1) : bytes;
    asked.push({ name, bytes: part.length });
    return new Response(part as BodyInit, {
      status: range ? 206 : 200,
      headers: range ? { 'content-range': `bytes ${range[1]}-${range[2]}/${bytes.length}` } : {},
    });
  }) as typeof globalThis.fetch;
  return { asked, fetch };
}

async function started(fetch: typeof globalThis.fetch) {
  const opfs = new FakeOpfs();
  const engine = newEngine({ shipped, opfs, fetch });
  await engine.start(() => {});
  return { engine, opfs };
}

describe('a checkpoint by its address', () => {
  test('is shown before its weights are loaded, with licence, source, size and memory', async () => {
    const { asked, fetch } = serve(folder);
    const { engine } = await started(fetch);
    const before = await engine.memory();
    const offer = await engine.offer({ kind: 'address', address });
    expect(offer).toMatchObject({
      ...{ name: 'someone/small', kind: 'GIT', remote: true, imageSize: 16 },
      experience: expect.stringMatching(/^Known to work/),
      bytes: folder.get('weights.safetensors')!.length,
      memory: 4 * offer.parameters,
      origin: { repository: 'someone/small', revision: 'abc', modelType: 'git', licence: 'MIT' },
    });
    expect(offer.refusal).toBeUndefined();
    // Of the weights only the header.
    const weights = asked.filter(({ name }) => name === 'weights.safetensors');
    const read = weights.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(read).toBeLessThan(offer.bytes - 4 * offer.parameters + 1);
    expect((await engine.info()).model.name).toBe('shipped');
    expect(await engine.memory()).toEqual(before);
  });

  test('is lent for the visit: it captions, is not kept, and is given back', async () => {
    const { engine, opfs } = await started(serve(folder).fetch);
    const { parameters } = (await engine.info()).model;
    await engine.offer({ kind: 'address', address });
    const told: number[] = [];
    const info = await engine.takeOffered(({ loaded, total }) => void told.push(loaded / total));
    expect(info).toMatchObject({ name: 'someone/small', borrowed: true, architecture: 'decoder-only' });
    expect(told.length).toBeGreaterThan(10);
    expect([...told].sort((a, b) => a - b)).toEqual(told);
    expect(told.at(-1)).toBeGreaterThan(0.9);
    const caption = await engine.caption(await drawing('red', 'disc'), () => {});
    expect(caption.grid).toEqual(info.grid);
    expect(opfs.paths()).toEqual([]);
    expect(await failureOf(engine.exportCheckpoint())).toMatchObject({ title: /lent/ });
    expect(await engine.giveBack()).toMatchObject({ name: 'shipped', parameters, borrowed: false });
  });

  test('that leads nowhere, and one that is no address, are refused; the model stays', async () => {
    const { engine } = await started(serve(folder).fetch);
    const offer = (place: string) => failureOf(engine.offer({ kind: 'address', address: place }));
    expect(await offer('https://models.example/nothing/')).toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect(await offer('ftp://models.example/')).toMatchObject({ code: 'CHECKPOINT_DAMAGED' });
    expect((await engine.info()).model.name).toBe('shipped');
  });
});

describe('what cannot be loaded is said before', () => {
  const offered = async (files: ReadonlyMap<string, Uint8Array>) => {
    const { engine } = await started(serve(folder).fetch);
    const blobs = [...files].map(([name, bytes]) => ({ name, file: new Blob([bytes as BlobPart]) }));
    return engine.offer({ kind: 'files', files: blobs });
  };

  test('a folder in the format of Hugging Face: how to convert it', async () => {
    const files = new Map([
      ['config.json', json({ model_type: 'git' })],
      ['model.safetensors', new Uint8Array(8)],
    ]);
    expect(await failureOf(offered(files))).toMatchObject({
      code: 'CHECKPOINT_UNKNOWN',
      advice: expect.stringContaining('simvlm import'),
    });
  });

  test('a patcher that only a plug-in has', async () => {
    const config = JSON.parse(new TextDecoder().decode(shipped.get('model.json')));
    const files = new Map(shipped).set('model.json', json({ ...config, patcher: { kind: 'fourier' } }));
    expect(await failureOf(offered(files))).toMatchObject({
      code: 'CHECKPOINT_UNKNOWN',
      detail: expect.stringContaining('fourier'),
    });
  });

  test('a kind that nobody has tried is offered, and said to be so', async () => {
    const files = new Map(shipped).set('source.json', json({ model_type: 'kosmos' }));
    expect(await offered(files)).toMatchObject({
      kind: 'kosmos',
      experience: expect.stringMatching(/^Nobody has tried this kind/),
    });
  });
});
