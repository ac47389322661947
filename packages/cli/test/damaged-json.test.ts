import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@simvlm/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
let whole: string;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  folder.write('base.json', smallConfig('train', { name: 'base', steps: 1 }));
  folder.write('tuned.json', smallConfig('train', { name: 'tuned', steps: 1, lora: { rank: 2 } }));
  expect((await simvlm('train', 'base.json')).code).toBe(0);
  expect((await simvlm('train', 'tuned.json', '--init', 'runs/base')).code).toBe(0);
  expect((await simvlm('lora', 'extract', 'runs/tuned', '--out', 'adapters')).code).toBe(0);
  whole = join(
    'runs/base/checkpoints',
    readdirSync('runs/base/checkpoints').find(name => /^step-/.test(name))!,
  );
});
afterAll(() => folder.leave());

/** A checkpoint without a manifest check, one JSON file of which says something else. */
function damaged(file: string, change: (json: Record<string, unknown>) => unknown): string {
  rmSync('damaged', { recursive: true, force: true });
  cpSync(whole, 'damaged', { recursive: true });
  const text = JSON.stringify(change(JSON.parse(readFileSync(join('damaged', file), 'utf8'))));
  writeFileSync(join('damaged', file), text);
  // As whoever changes a file can do.
  const manifest = JSON.parse(readFileSync('damaged/manifest.json', 'utf8'));
  delete manifest.files[file];
  writeFileSync('damaged/manifest.json', JSON.stringify(withFile(manifest, file, text)));
  return 'damaged';
}

function withFile(manifest: { files: object }, file: string, text: string): object {
  const bytes = new TextEncoder().encode(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...manifest, files: { ...manifest.files, [file]: { bytes: bytes.length, sha256 } } };
}

describe('a checkpoint whose JSON is not what it can be fails with 1, by file and key', () => {
  it.each<[file: string, change: object | null | number, message: string]>([
    ['run.json', { seed: 'one' }, 'run.json: "seed" must be an integer ≥ 0, got "one"'],
    ['run.json', { name: '../../out' }, 'run.json: "name" must be the name of a folder in runs/'],
    ['run.json', { plugins: 'x' }, 'run.json: "plugins" must be a list of strings, got "x"'],
    ['run.json', { data: null }, 'run.json: "data" must be an object, got null'],
    ['run.json', { constructor: 1 }, 'run.json: unknown key "constructor"'],
    ['run.json', { optimizer: { toString: 1 } }, 'run.json: unknown key "optimizer.toString"'],
    ['run.json', null, 'run.json'],
    ['model.json', { width: '32' }, 'model.json: model config: "width" must be an integer'],
    ['model.json', { width: 1.5 }, 'model.json: model config: "width" must be an integer'],
    ['model.json', { valueOf: 1 }, 'model.json: model config: unknown key "valueOf"'],
    ['model.json', { tokens: [] }, 'model.json: model config: "tokens" must be an object, got []'],
    ['model.json', { patcher: { kind: 5 } }, 'model.json: model config: patcher needs a "kind"'],
    ['model.json', 5, 'model.json'],
  ])('%s with %j', async (file, change, message) => {
    const isKeys = typeof change === 'object' && change !== null;
    const path = damaged(file, json => (isKeys ? { ...json, ...change } : change));
    const { code, err } = await simvlm('caption', 'train/0.png', '--checkpoint', path);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });

  it.each([
    ['5', 'lora: it must be an object, got 5'],
    ['{', '"lora" in its metadata is not JSON'],
    ['{"rank":"2"}', 'lora: "rank" must be an integer from 1 to 65536, got "2"'],
    ['{"rank":2,"constructor":{}}', 'lora: unknown key "constructor"'],
    ['{"rank":2,"targets":[5]}', 'lora: "targets" must be a list of names'],
  ])('the metadata of adapters with %s', async (lora, message) => {
    const { tensors, metadata } = readSafetensors(readFileSync('adapters'));
    writeFileSync('odd-adapters', writeSafetensors(tensors, { ...metadata, lora }));
    rmSync('merged', { recursive: true, force: true });
    const merge = ['lora', 'merge', 'runs/base', '--adapters', 'odd-adapters', '--out', 'merged'];
    const { code, err } = await simvlm(...merge);
    expect(err).toContain(`odd-adapters is not a file of adapters: ${message}`);
    expect(code).toBe(1);
  });
});
