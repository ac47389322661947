import { readdirSync, readFileSync } from 'node:fs';
import type { StepMetrics } from '@simvlm/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { pythonWithTorch } from '../../../scripts/parts/python';
import {
  drawFolder,
  drawnAnywhere,
  ended,
  freePort,
  simvlm,
  smallConfig,
  startSimvlm,
  workingFolder,
} from './fixture';
import { weightsOf } from './launch';

const { describe } = await needs('gloo');

// 15 pairs in two groups by length and 4 documents: of two processes one has ten rows and one nine, of any length.
const config = {
  ...{
    data: { train: 'train', documents: 'documents.txt' },
    batch: { imageText: 15, textOnly: 4 },
    steps: 10,
  },
  objective: { kind: 'prefix-lm' },
};

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 40, 1);
  folder.write('documents.txt', 'a fox is an animal\na disc is round\nred\nblue and green are colours\n');
  folder.write(...drawnAnywhere.file);
  const data = { ...config.data, train: drawnAnywhere.source };
  for (const name of ['whole', 'parts', 'refused'])
    folder.write(`${name}.json`, smallConfig('', { ...config, name, data, plugins: drawnAnywhere.plugins }));
});
afterAll(() => folder.leave());

/** `simvlm train` as process 1, in a Node process of its own. */
function startSecond(
  config: string,
  environment: Record<string, string>,
): Promise<{ code: number | null; err: string }> {
  const child = startSimvlm(['train', config, '--backend', 'native'], { ...environment, RANK: '1' });
  let err = '';
  child.stderr!.on('data', chunk => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, err }));
  });
}

/** Runs with these environment variables. */
async function inEnvironment<R>(variables: Record<string, string>, run: () => Promise<R>): Promise<R> {
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

const metricsOf = (name: string): StepMetrics[] =>
  readFileSync(`runs/${name}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));

describe('train in two processes', () => {
  test('equals one process, by the environment alone', async () => {
    expect(await simvlm('train', 'whole.json', '--backend', 'native')).toMatchObject({ code: 0 });
    const environment = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${await freePort()}` };
    const started = startSecond('parts.json', environment);
    const first = await inEnvironment({ ...environment, RANK: '0' }, () =>
      simvlm('train', 'parts.json', '--backend', 'native'),
    );
    const second = await started;
    expect([first.code, second.code], first.err + second.err).toEqual([0, 0]);

    const [whole, parts] = [metricsOf('whole'), metricsOf('parts')];
    expect(parts.map(({ step, count, rows }) => [step, count, rows])).toEqual(
      whole.map(({ step, count, rows }) => [step, count, rows]),
    );
    for (const [i, { loss, gradientNorm }] of whole.entries()) {
      expect(Math.abs(parts[i]!.loss - loss)).toBeLessThan(1e-5);
      expect(Math.abs(parts[i]!.gradientNorm - gradientNorm)).toBeLessThan(1e-5 * gradientNorm);
    }
    const other = new Map(await weightsOf('parts'));
    for (const [key, values] of await weightsOf('whole')) {
      // Softmax ignores a bias of the keys: its gradient is rounding alone, which Adam divides by its own size.
      if (key.endsWith('.key.bias')) continue;
      const most = values.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - other.get(key)![i]!)),
        0,
      );
      expect(most, key).toBeLessThan(1e-5);
    }

    expect(readdirSync('runs/parts/checkpoints')).toEqual(['step-00000010']);
    expect(first.err).toMatch(/waiting for 1 more process at 127\.0\.0\.1:\d+/);
    expect(first.err).toMatch(/^steps {5}10 of 10\nexamples {2}190 in /m);
    expect(second.err.split('\n').filter(line => /backend|steps|pictures/.test(line))).toEqual([]);
  });

  test('goes on when the process that writes was killed between two steps: no step is lost, none stands twice', async () => {
    const steps = 20;
    for (const name of ['undisturbed', 'killed'])
      folder.write(
        `${name}.json`,
        smallConfig('train', { ...config, name, steps, checkpoints: { seconds: 0 } }),
      );
    expect(await inTwo('undisturbed')).toEqual([0, 0]);

    const environment = await meeting();
    const options = ['train', 'killed.json', '--backend', 'native'];
    const writer = startSimvlm(options, { ...environment, RANK: '0' });
    const other = startSimvlm(options, { ...environment, RANK: '1' });
    const ends = Promise.all([ended(writer), ended(other)]);
    await Promise.race([ends, checkpointOf('killed')]);
    writer.kill('SIGKILL');
    // The other one learns of it, and ends by itself.
    expect((await ends)[1]).toEqual(expect.any(Number));

    expect(await inTwo('killed', '--resume', 'runs/killed')).toEqual([0, 0]);
    const [whole, killed] = [metricsOf('undisturbed'), metricsOf('killed')];
    expect(killed.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    expect(killed.map(({ loss }) => loss)).toEqual(whole.map(({ loss }) => loss));
    expect(readdirSync('runs/killed').sort()).toEqual(['checkpoints', 'metrics.jsonl', 'tensorboard']);
  });

  test('shard the optimiser where the command line says so, and one process goes on from there', async () => {
    for (const name of ['exact', 'sharded'])
      folder.write(`${name}.json`, smallConfig('train', { ...config, name }));
    expect(await inTwo('exact')).toEqual([0, 0]);
    expect(await inTwo('sharded', '--set', 'training.shardOptimizer=true')).toEqual([0, 0]);
    expect(lossesOf('sharded')).toEqual(lossesOf('exact'));
    expect(await weightsOf('sharded')).toEqual(await weightsOf('exact'));
    const whole = await simvlm(
      'train',
      'sharded.json',
      '--backend',
      'native',
      '--resume',
      'auto',
      '--set',
      'steps=12',
    );
    expect(whole.code, whole.err).toBe(0);
    expect(metricsOf('sharded').map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test('round what travels where the command line says so, or say that this libtorch cannot', async () => {
    folder.write('rounded.json', smallConfig('train', { ...config, name: 'rounded' }));
    const ends = await inTwo('rounded', '--set', 'training.gradientPrecision=bfloat16');
    if (pythonWithTorch().version.startsWith('1.')) {
      expect(ends).toEqual([1, 1]);
      return;
    }
    expect(ends).toEqual([0, 0]);
    // The first step begins with the same weights; then it is another training, though hardly.
    const [exact, rounded] = [lossesOf('exact'), lossesOf('rounded')];
    expect(rounded[0]).toBe(exact[0]);
    expect(rounded.slice(1)).not.toEqual(exact.slice(1));
    expect(Math.abs(rounded.at(-1)! - exact.at(-1)!)).toBeLessThan(0.05);
  });
});

function lossesOf(name: string): number[] {
  return metricsOf(name).map(({ loss }) => loss);
}

/** Where two processes meet. */
async function meeting(): Promise<Record<string, string>> {
  return { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${await freePort()}` };
}

/** Trains as the first of two processes, beside the second; their exit codes. */
async function inTwo(name: string, ...more: string[]): Promise<unknown[]> {
  const environment = await meeting();
  const options = ['train', `${name}.json`, '--backend', 'native', ...more];
  const second = ended(startSimvlm(options, { ...environment, RANK: '1' }));
  const first = await inEnvironment({ ...environment, RANK: '0' }, () => simvlm(...options));
  return [first.code, await second];
}

/** Waits until a run has its first checkpoint. */
async function checkpointOf(name: string): Promise<void> {
  const isThere = () => {
    try {
      return readdirSync(`runs/${name}/checkpoints`).some(entry => entry.startsWith('step-'));
    } catch {
      return false;
    }
  };
  while (!isThere()) await new Promise(resolve => setTimeout(resolve, 20));
}

test('a backend without processes refuses to be one of several', async () => {
  const environment = { WORLD_SIZE: '2', RANK: '1', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29500' };
  const attempt = (change: Record<string, string>) =>
    inEnvironment({ ...environment, ...change }, () => simvlm('train', 'refused.json', '--backend', 'wasm'));
  const refused = await attempt({});
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("the backend 'wasm' cannot train in several processes, and WORLD_SIZE is 2");
  const wrong = await attempt({ RANK: '2' });
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('the environment variable RANK is "2"; it must be a whole number from 0 to 1');
});
