import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointFiles } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { openCaptioner, run, runRegistry } from 'simvlm';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CheckpointFolder } from '../src/engine/engine';
import {
  drawing,
  failureOf,
  imported,
  json,
  listener,
  newEngine,
  settings,
  sha256,
  smallCheckpoint,
  someLessons,
  weightsOf,
} from './fixture';

let shipped: Awaited<ReturnType<typeof smallCheckpoint>>;
beforeAll(async () => {
  shipped = await smallCheckpoint();
});

async function started() {
  const engine = newEngine({ shipped });
  await engine.start(() => {});
  return engine;
}

async function onDisk(folder: CheckpointFolder): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'caption-studio-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const { name, bytes } of folder) await writeFile(join(path, name), bytes);
  return path;
}

/** What `simvlm caption` prints of a picture. */
async function captionByCommandLine(checkpoint: string, picture: Blob): Promise<string> {
  const file = join(checkpoint, 'picture.png');
  await writeFile(file, new Uint8Array(await picture.arrayBuffer()));
  const printed: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => printed.push(String(chunk)) > 0);
  try {
    expect(await run(['caption', file, '--checkpoint', checkpoint, '--backend', 'wasm'])).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return printed.join('').trim();
}

const change = (folder: CheckpointFolder, name: string, bytes: Uint8Array) =>
  folder.map(file => (file.name === name ? { name, bytes } : file));
const contents = (files: Iterable<readonly [string, Uint8Array]>) =>
  Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)]));
const withoutManifest = (folder: CheckpointFolder) => folder.filter(({ name }) => name !== 'manifest.json');

describe('the folder is the one of the command line', () => {
  test('a model that was taught captions there as here, and comes back by import', async () => {
    const engine = await started();
    await engine.teach(await someLessons(), { ...settings, steps: 60, batchSize: 8 }, listener().callbacks);
    const folder = await engine.exportCheckpoint();
    expect(folder.map(({ name }) => name).sort()).toEqual([
      ...['README.md', 'manifest.json', 'model.json', 'optimizer.safetensors', 'run.json'],
      ...['tokenizer.model', 'trainer.json', 'weights.safetensors'],
    ]);
    const { file } = await drawing('green', 'square');
    const path = await onDisk(folder);
    const { config } = await openCaptioner(await openCheckpoint(path), { registry: await runRegistry() });
    expect(config).toMatchObject({
      ...{ name: 'taught', steps: 60, batch: { imageText: 8, textOnly: 0 } },
      augment: 'drawing',
    });
    expect(await captionByCommandLine(path, file)).toBe('a green square');

    const other = await started();
    expect(await imported(other, folder)).toMatchObject({ name: 'taught', card: '# A small model\n' });
    const caption = await other.caption({ id: '1', name: 'green.png', file }, () => {});
    expect(caption.text).toBe('a green square');
    expect((await other.exportCheckpoint()).length).toBe(folder.length);
  });

  test('the shipped model as it came, and a folder of hand-picked files', async () => {
    const engine = await started();
    const folder = await engine.exportCheckpoint();
    expect(contents(withoutManifest(folder).map(({ name, bytes }) => [name, bytes]))).toEqual(
      contents(shipped),
    );
    expect(contents(await checkpointFiles(await openCheckpoint(await onDisk(folder))))).toEqual(
      contents(shipped),
    );
    expect(await imported(engine, withoutManifest(folder))).toMatchObject({ name: 'small' });
  });
});

test('of a model card that has no end, the beginning is shown', async () => {
  const engine = await started();
  const card = new TextEncoder().encode('word '.repeat(1e6));
  const folder = change(withoutManifest(await engine.exportCheckpoint()), 'README.md', card);
  expect((await imported(engine, folder)).card).toHaveLength(2 ** 18);
});

describe('what does not fit is refused, and the model stays', () => {
  test.each([
    [
      'weights of another configuration',
      async (folder: CheckpointFolder) => {
        const other = await smallCheckpoint('decoder-only');
        return change(withoutManifest(folder), 'weights.safetensors', other.get('weights.safetensors')!);
      },
      'CHECKPOINT_MISMATCH',
    ],
    [
      'a configuration that makes no model',
      async (folder: CheckpointFolder) => change(withoutManifest(folder), 'model.json', json({ width: 7 })),
      'CHECKPOINT_DAMAGED',
    ],
    [
      'a model too large for a page',
      async (folder: CheckpointFolder) => {
        const config = JSON.parse(new TextDecoder().decode(shipped.get('model.json')));
        return change(withoutManifest(folder), 'model.json', json({ ...config, width: 8192, mlp: 32_768 }));
      },
      'CHECKPOINT_MISMATCH',
    ],
    [
      'a model whose pictures are too large for a page',
      async (folder: CheckpointFolder) => {
        const config = JSON.parse(new TextDecoder().decode(shipped.get('model.json')));
        return change(withoutManifest(folder), 'model.json', json({ ...config, imageSize: 1028 }));
      },
      'CHECKPOINT_MISMATCH',
    ],
    [
      'a tokenizer of another model',
      async (folder: CheckpointFolder) => {
        const config = JSON.parse(new TextDecoder().decode(shipped.get('model.json')));
        return change(withoutManifest(folder), 'model.json', json({ ...config, vocabSize: 99 }));
      },
      'CHECKPOINT_MISMATCH',
    ],
    [
      'weights that are cut off, by the manifest',
      async (folder: CheckpointFolder) =>
        change(folder, 'weights.safetensors', shipped.get('weights.safetensors')!.subarray(0, 5000)),
      'CHECKPOINT_DAMAGED',
    ],
    [
      'weights that are cut off, without a manifest',
      async (folder: CheckpointFolder) =>
        change(
          withoutManifest(folder),
          'weights.safetensors',
          shipped.get('weights.safetensors')!.subarray(0, 5000),
        ),
      'CHECKPOINT_DAMAGED',
    ],
    [
      'a byte that was changed',
      async (folder: CheckpointFolder) => {
        const bytes = shipped.get('weights.safetensors')!.slice();
        bytes[bytes.length - 1]! ^= 1;
        return change(folder, 'weights.safetensors', bytes);
      },
      'CHECKPOINT_DAMAGED',
    ],
    [
      'a weight that is not a number',
      async (folder: CheckpointFolder) => {
        const bytes = shipped.get('weights.safetensors')!.slice();
        // The last of them, as float32.
        bytes.set([0, 0, 0xc0, 0x7f], bytes.length - 4);
        return change(withoutManifest(folder), 'weights.safetensors', bytes);
      },
      'CHECKPOINT_DAMAGED',
    ],
    [
      'no tokenizer',
      async (folder: CheckpointFolder) =>
        withoutManifest(folder).filter(({ name }) => name !== 'tokenizer.model'),
      'CHECKPOINT_DAMAGED',
    ],
    [
      'a run.json that is no JSON',
      async (folder: CheckpointFolder) =>
        change(withoutManifest(folder), 'run.json', new TextEncoder().encode('{')),
      'CHECKPOINT_DAMAGED',
    ],
    ['nothing', async () => [], 'CHECKPOINT_DAMAGED'],
  ])('%s', async (_, damage, code) => {
    const engine = await started();
    const before = await engine.memory();
    const { model } = await engine.info();
    const failure = await failureOf(imported(engine, await damage(await engine.exportCheckpoint())));
    expect(failure).toMatchObject({ code, detail: expect.any(String) });
    expect((await engine.info()).model).toEqual(model);
    expect(await engine.memory()).toEqual(before);
    expect(await weightsOf(engine)).toBe(sha256(shipped.get('weights.safetensors')!));
  });
});
