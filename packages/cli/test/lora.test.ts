import { readFileSync } from 'node:fs';
import { readSafetensors } from '@simvlm/checkpoint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
const pictures = Array.from({ length: 6 }, (_, i) => `train/${i}.png`);

beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  folder.write('base.json', smallConfig('train', { name: 'base', steps: 30 }));
  expect((await simvlm('train', 'base.json')).code).toBe(0);
  const optimizer = { learningRate: 1e-2, warmup: 1 };
  const regularization = { dropout: 0.1, stochasticDepth: 0.1 };
  folder.write(
    'tuned.json',
    smallConfig('train', {
      name: 'tuned',
      steps: 20,
      optimizer,
      regularization,
      lora: { rank: 4, targets: ['*'] },
    }),
  );
  const { code, err } = await simvlm('train', 'tuned.json', '--init', 'runs/base');
  expect(code, err).toBe(0);
  expect(err).toMatch(/of them in adapters/);
});
afterAll(() => folder.leave());

const tensorsIn = (path: string) => readSafetensors(readFileSync(path)).tensors;
const weightsOf = (run: string, step: number) =>
  tensorsIn(`${run}/step-${String(step).padStart(8, '0')}/weights.safetensors`);
const losses = (run: string) =>
  readFileSync(`runs/${run}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).loss as number);

it('a run with "lora" trains adapters beside the weights that --init gives', () => {
  const [base, tuned] = [weightsOf('runs/base/checkpoints', 30), weightsOf('runs/tuned/checkpoints', 20)];
  for (const [name, tensor] of base) expect(tuned.get(name), name).toEqual(tensor);
  const added = [...tuned.keys()].filter(name => !base.has(name));
  expect(added.length).toBeGreaterThan(10);
  for (const name of added) expect(name).toMatch(/\.lora_[ab]\.weight$/);
  expect(losses('tuned').at(-1)).toBeLessThan(losses('tuned')[0]!);
});

it('it is resumed with its adapters', async () => {
  const { code, err } = await simvlm('train', 'tuned.json', '--resume', 'runs/tuned', '--set', 'steps=22');
  expect(code, err).toBe(0);
  expect(losses('tuned').length).toBe(22);
});

it('merged it is a checkpoint without adapters that says the same', async () => {
  const merged = await simvlm('lora', 'merge', 'runs/tuned', '--out', 'merged');
  expect(merged.code, merged.err).toBe(0);
  const [before, after] = [weightsOf('runs/base/checkpoints', 30), tensorsIn('merged/weights.safetensors')];
  expect([...after.keys()]).toEqual([...before.keys()]);
  expect(after.get('encoder.0.self.query.weight')).not.toEqual(before.get('encoder.0.self.query.weight'));
  expect(after.get('embedding.weight')).toEqual(before.get('embedding.weight'));
  const [own, same] = [
    await simvlm('caption', ...pictures, '--checkpoint', 'runs/tuned'),
    await simvlm('caption', ...pictures, '--checkpoint', 'merged'),
  ];
  expect(own.code, own.err).toBe(0);
  expect(own.lines.length).toBe(pictures.length);
  expect(same.lines).toEqual(own.lines);
});

it('a run begins with the merged weights of one with adapters', async () => {
  folder.write(
    'next.json',
    smallConfig('train', { name: 'next', steps: 1, optimizer: { freeze: ['encoder.*'] } }),
  );
  const { code, err } = await simvlm('train', 'next.json', '--init', 'runs/tuned');
  expect(code, err).toBe(0);
  const name = 'encoder.0.self.query.weight';
  expect(weightsOf('runs/next/checkpoints', 1).get(name)).toEqual(
    tensorsIn('merged/weights.safetensors').get(name),
  );
});

it('adapters alone go to a file, and into the weights that they were trained beside', async () => {
  const { code, err } = await simvlm('lora', 'extract', 'runs/tuned', '--out', 'adapters.safetensors');
  expect(code, err).toBe(0);
  expect([...tensorsIn('adapters.safetensors').keys()].every(name => /\.lora_[ab]\.weight$/.test(name))).toBe(
    true,
  );
  const args = ['merge', 'runs/base', '--adapters', 'adapters.safetensors', '--out', 'again'];
  const merged = await simvlm('lora', ...args);
  expect(merged.code, merged.err).toBe(0);
  expect(tensorsIn('again/weights.safetensors')).toEqual(tensorsIn('merged/weights.safetensors'));
});

it.each([
  [['train', 'tuned.json', '--set', 'name=other'], 'name it as "init" or with --init'],
  [
    ['train', 'tuned.json', '--set', 'lora.rank=0', '--init', 'runs/base'],
    '"lora.rank" must be an integer from 1',
  ],
  [['train', 'tuned.json', '--set', 'lora.r=2', '--init', 'runs/base'], 'unknown key "lora.r"'],
  [['lora', 'merge', 'runs/base', '--out', 'x'], 'runs/base has no adapters'],
  [['lora', 'extract', 'runs/base', '--out', 'x'], 'runs/base has no adapters'],
  [['lora', 'merge', 'runs/tuned', '--out', 'runs'], 'runs is there already'],
  [['lora', 'merge', 'runs/tuned', '--out', 'x', '--adapters', 'y'], 'has adapters of its own'],
])('%j is refused with what to do', async (args, message) => {
  const { code, err } = await simvlm(...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

it('files that are no adapters, or not there, are refused', async () => {
  const merge = (file: string) => simvlm('lora', 'merge', 'runs/base', '--out', 'x', '--adapters', file);
  expect((await merge('nothing.safetensors')).err).toContain('cannot read nothing.safetensors: ENOENT');
  const weights = 'runs/base/checkpoints/step-00000030/weights.safetensors';
  const { code, err } = await merge(weights);
  expect(code).toBe(1);
  expect(err).toContain('not a file of adapters');
});
