import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@simvlm/checkpoint';
import { checkpointFolder, samplesFolder } from '@simvlm/checkpoint-emoji';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 40, 1);
  folder.write('config.json', smallConfig('train', { steps: 10 }));
  expect((await simvlm('train', 'config.json')).code).toBe(0);
  await exported('runs/shapes', 'integers', 'int8');
});
afterAll(() => folder.leave());

const pictures = ['train/0.png', 'train/1.png', 'train/2.png'];
const bear = fileURLToPath(new URL('bear.png', samplesFolder));
const weightsFile = (name: string) => `${name}/weights.safetensors`;

async function exported(checkpoint: string, out: string, form?: string): Promise<void> {
  const asked = form ? ['--weights', form] : [];
  const { code, err } = await simvlm('export', '--checkpoint', checkpoint, '--out', out, ...asked);
  expect(code, err).toBe(0);
}

async function captions(checkpoint: string): Promise<readonly string[]> {
  const { code, lines, err } = await simvlm('caption', ...pictures, '--checkpoint', checkpoint, '--jsonl');
  expect(code, err).toBe(0);
  return lines;
}

test.each([
  { form: 'int8', limit: 0.27 },
  { form: 'int4', limit: 0.16 },
])(
  'the bundled model has at most $limit of the bytes with --weights $form, and captions',
  async ({ form, limit }) => {
    const bundled = fileURLToPath(checkpointFolder);
    await exported(bundled, `${form}-32`, 'float32');
    await exported(bundled, form, form);
    const size = (name: string) => statSync(weightsFile(name)).size;
    expect(size(form)).toBeLessThan(limit * size(`${form}-32`));
    const { code, lines, err } = await simvlm('caption', bear, '--checkpoint', form);
    expect(code, err).toBe(0);
    expect(lines[0]).not.toBe('');
  },
);

test('integers are exported as they are, and as numbers where that is asked for', async () => {
  await exported('integers', 'again');
  const [own, again] = ['integers', 'again'].map(
    name => readSafetensors(readFileSync(weightsFile(name))).tensors,
  );
  expect([...again!.keys()]).toEqual([...own!.keys()]);
  for (const [name, { dtype, values }] of own!)
    if (dtype === 'I8') expect(again!.get(name)!.values, name).toEqual(values);
  await exported('integers', 'numbers', 'float32');
  const tensors = readSafetensors(readFileSync(weightsFile('numbers'))).tensors;
  expect([...tensors.values()].some(({ dtype }) => dtype === 'I8')).toBe(false);
  const said = (lines: readonly string[]) =>
    lines.map(line => JSON.parse(line).captions ?? JSON.parse(line).caption);
  expect(said(await captions('numbers'))).toEqual(said(await captions('integers')));
});

test('integers are refused by a training of all weights, and adapters are trained beside them', async () => {
  const start = ['train', 'config.json', '--init', 'integers'];
  const whole = await simvlm(...start, '--set', 'name=whole');
  expect(whole.code).not.toBe(0);
  expect(whole.err).toContain('integers of 8 bits ("weights"), which cannot be trained');
  const lora = { rank: 4, targets: ['*'] };
  folder.write('adapters.json', smallConfig('train', { name: 'tuned', steps: 10, lora }));
  const tuned = await simvlm('train', 'adapters.json', '--init', 'integers');
  expect(tuned.code, tuned.err).toBe(0);
  const before = readSafetensors(readFileSync(weightsFile('integers'))).tensors;
  const after = readSafetensors(readFileSync(weightsFile('runs/tuned/checkpoints/step-00000010'))).tensors;
  const integers = [...before].filter(([name]) => name.startsWith('decoder') && name.endsWith('.weight'));
  expect(integers.length).toBeGreaterThan(5);
  for (const [name, tensor] of integers) expect(after.get(name), name).toEqual(tensor);
  expect(await captions('runs/tuned')).toHaveLength(3);
  const resumed = await simvlm('train', 'adapters.json', '--resume', 'runs/tuned', '--set', 'steps=11');
  expect(resumed.code, resumed.err).toBe(0);
  // Another training needs weights that the adapters can be merged into, and says how they are made.
  const another = await simvlm('train', 'adapters.json', '--init', 'runs/tuned', '--set', 'name=another');
  expect(another.code).not.toBe(0);
  expect(another.err).toContain(
    'make the weights numbers first (simvlm export --weights float32), then merge',
  );
  await exported('runs/tuned', 'tuned-numbers', 'float32');
  const merged = await simvlm('lora', 'merge', 'tuned-numbers', '--out', 'merged');
  expect(merged.code, merged.err).toBe(0);
  const begun = await simvlm('train', 'adapters.json', '--init', 'merged', '--set', 'name=another');
  expect(begun.code, begun.err).toBe(0);
});
