import { readFileSync } from 'node:fs';
import { readSafetensors } from '@simvlm/checkpoint';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, smallModel, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  folder.write('first.json', smallConfig('train', { name: 'first', steps: 40 }));
  expect((await simvlm('train', 'first.json')).code).toBe(0);
});
afterAll(() => folder.leave());

const file = (run: string, step: number, name: string) =>
  readFileSync(`runs/${run}/checkpoints/step-${String(step).padStart(8, '0')}/${name}`);
const losses = (run: string) =>
  readFileSync(`runs/${run}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).loss as number);

it('--init begins a run with the weights and the tokenizer of another, at a larger image size', async () => {
  const model = { ...smallModel, imageSize: 32 };
  const frozen = { freeze: ['encoder.*', 'positions.*'], learningRate: 1e-3, warmup: 1 };
  folder.write('second.json', smallConfig('train', { name: 'second', model, steps: 3, optimizer: frozen }));
  const { code, err } = await simvlm('train', 'second.json', '--init', 'runs/first');
  expect(code, err).toBe(0);
  expect(losses('second')[0]).toBeLessThan(0.7 * losses('first')[0]!);
  expect(file('second', 3, 'tokenizer.model')).toEqual(file('first', 40, 'tokenizer.model'));
  const [before, after] = [
    file('first', 40, 'weights.safetensors'),
    file('second', 3, 'weights.safetensors'),
  ].map(bytes => readSafetensors(bytes).tensors);
  // What is frozen shows where the weights come from.
  const name = 'encoder.0.mlp.out.weight';
  expect(after!.get(name)).toEqual(before!.get(name));
  expect(before!.get('positions.image')!.shape).toEqual([16, 32]);
  const { shape, values } = after!.get('positions.image')!;
  expect(shape).toEqual([64, 32]);
  // Corner to corner: the last of 8 × 8 is the last of 4 × 4.
  expect(values.slice(-32)).toEqual(before!.get('positions.image')!.values.slice(-32));
});

it('--init at the same size goes on with the loss that was reached', async () => {
  folder.write('same.json', smallConfig('train', { name: 'same', steps: 1 }));
  expect((await simvlm('train', 'same.json', '--init', 'runs/first')).code).toBe(0);
  expect(losses('same')[0]).toBeLessThan(0.5 * losses('first')[0]!);
});

it('--init begins with a smaller conv stage at the very loss where that one would go on', async () => {
  const conv = (times: number, blocks: number) => ({
    kind: 'conv',
    stem: { kernel: 3, stride: 2, channels: 4 * times, pool: false },
    stages: [
      { blocks, channels: 8 * times, stride: 1 },
      { blocks, channels: 16 * times, stride: 2 },
    ],
    groups: 2 * times,
  });
  const run = (name: string, steps: number, patcher: object) =>
    folder.write(`${name}.json`, smallConfig('train', { name, steps, model: { ...smallModel, patcher } }));
  run('small', 20, conv(1, 1));
  run('as-it-is', 1, conv(1, 1));
  run('larger', 1, conv(2, 2));
  expect((await simvlm('train', 'small.json')).code).toBe(0);
  for (const name of ['as-it-is', 'larger']) {
    const { code, err } = await simvlm('train', `${name}.json`, '--init', 'runs/small');
    expect(code, err).toBe(0);
  }
  expect(losses('as-it-is')[0]).toBeLessThan(0.8 * losses('small')[0]!);
  expect(losses('larger')[0]).toBeCloseTo(losses('as-it-is')[0]!, 4);
  const shapeOf = (run: string, step: number) =>
    readSafetensors(file(run, step, 'weights.safetensors')).tensors.get('patcher.stage2.0.conv2.weight')!
      .shape;
  expect([shapeOf('small', 20), shapeOf('larger', 1)]).toEqual([
    [3, 3, 4, 4],
    [3, 3, 8, 8],
  ]);
});

it('--init refuses a model that differs in more than its image size, and --resume beside it', async () => {
  folder.write('other.json', smallConfig('train', { name: 'other', model: { ...smallModel, mlp: 32 } }));
  const other = await simvlm('train', 'other.json', '--init', 'runs/first');
  expect(other.code).not.toBe(0);
  expect(other.err).toContain('only a patcher grows');
  const both = await simvlm('train', 'first.json', '--init', 'runs/first', '--resume', 'runs/first');
  expect(both.code).toBe(2);
  expect(both.err).toContain('not both');
});
