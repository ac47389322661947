import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { openTensors } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 20, 1);
  folder.write(
    'config.json',
    smallConfig('train', { name: 'r', steps: 4, optimizer: { learningRate: 2e-3, warmup: 1 } }),
  );
  expect((await train()).code).toBe(0);
  cpSync('runs', 'four', { recursive: true });
});
afterAll(() => folder.leave());
beforeEach(() => cpSync('four', 'runs', { recursive: true }));
afterEach(() => rmSync('runs', { recursive: true, force: true }));

/** Sets and options as the command line has them: `steps=6`, `--resume`, a path. */
function train(...args: string[]) {
  const all = args.flatMap(arg => (/^[a-z.A-Z]+=/.test(arg) ? ['--set', arg] : [arg]));
  return simvlm('train', 'config.json', '--backend', 'wasm', ...all);
}

const steps = (run = 'r') =>
  readFileSync(`runs/${run}/metrics.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).step as number);

async function newestStep(run = 'r'): Promise<string> {
  return (await openCheckpoint(`runs/${run}`)).folder;
}

describe('going back to an earlier checkpoint', () => {
  it('makes it the newest, whatever its step, and the metrics those of its run', async () => {
    expect((await train('steps=8', '--resume', 'runs/r')).code).toBe(0);
    const back = await train('steps=6', '--resume', 'runs/r/checkpoints/step-00000004');
    expect(back.code, back.err).toBe(0);
    expect(back.err).toContain('later ones are abandoned: step-00000008');
    expect(await newestStep()).toMatch(/step-00000006$/);
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await train('steps=9', '--resume', 'runs/r')).code).toBe(0);
    expect(await newestStep()).toMatch(/step-00000009$/);
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('counts from the moment it is resumed: what fails before the next checkpoint goes on from there', async () => {
    expect((await train('steps=8', '--resume', 'runs/r')).code).toBe(0);
    const { code } = await train('--resume', 'runs/r/checkpoints/step-00000004', 'data.train=nowhere');
    expect(code).not.toBe(0);
    expect(await newestStep()).toMatch(/step-00000004$/);
  });
});

it('keeps the checkpoints that the configuration says', async () => {
  const keep = ['checkpoints.seconds=0', 'checkpoints.keep={"last":1,"every":3}'];
  const { code, err } = await train('name=kept', 'steps=8', ...keep);
  expect(code, err).toBe(0);
  expect(readdirSync('runs/kept/checkpoints').sort()).toEqual([
    'step-00000003',
    'step-00000006',
    'step-00000008',
  ]);
});

describe('a run keeps to itself', () => {
  it('resuming another run is refused, with both names and what to do', async () => {
    const { code, err } = await train('name=other', '--resume', 'runs/r');
    expect(code).toBe(2);
    expect(err).toContain('is of the run "r", and this one is "other": go on with --set name=r');
    expect(readdirSync('runs')).toEqual(expect.not.arrayContaining(['two']));
  });

  it('a checkpoint from elsewhere goes on in a folder of its name that holds no run, and only there', async () => {
    cpSync('runs/r', 'backup', { recursive: true });
    const taken = await train('steps=5', '--resume', 'backup');
    expect(taken.code).toBe(2);
    expect(taken.err).toContain('is not a checkpoint of runs/r, which holds a run already');
    rmSync('runs/r', { recursive: true });
    expect((await train('steps=5', '--resume', 'backup')).code).toBe(0);
    expect(await newestStep()).toMatch(/runs\/r\/checkpoints\/step-00000005$/);
  });

  it.each([
    ['seed=7', 'seed 1 → 7'],
    ['model.mlp=32', 'model.mlp 64 → 32'],
    ['batch.imageText=8', 'batch.imageText 16 → 8'],
  ])('%s on resume is refused: it would be another run', async (change, message) => {
    const { code, err } = await train('steps=5', change, '--resume', 'runs/r');
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain('--init runs/r');
  });

  it('a lower learning rate on resume is possible, and told', async () => {
    const { code, err } = await train('steps=5', 'optimizer.learningRate=0.0001', '--resume', 'runs/r');
    expect(code, err).toBe(0);
    expect(err).toContain('changed on resume: optimizer.learningRate 0.002 → 0.0001');
  });

  it('fewer steps than are done are refused', async () => {
    const { code, err } = await train('steps=2', '--resume', 'runs/r');
    expect(code).toBe(2);
    expect(err).toContain('has done 4 steps, and "steps" is 2');
  });
});

describe('the name of a run', () => {
  it('is taken, too, where its checkpoint is damaged', async () => {
    writeFileSync('runs/r/checkpoints/step-00000004/manifest.json', '{');
    const { code, err } = await train();
    expect(code).toBe(2);
    expect(err).toContain('runs/r holds a run already');
  });

  it('is free again after a try that failed before its first checkpoint', async () => {
    mkdirSync('bad');
    writeFileSync('bad/captions.jsonl', '{"image":"lost.png","text":"a red square"}\n');
    expect((await train('name=again', 'data.train=bad')).code).toBe(1);
    expect((await train('name=again')).code).toBe(0);
    expect(steps('again')).toEqual([1, 2, 3, 4]);
    const third = await train('name=again');
    expect(third.code).toBe(2);
    expect(third.err).toContain('runs/again holds a run already: go on with --resume runs/again');
  });

  it('is held by one process: a second gets an error that names it; a dead one is taken over, and that is said', async () => {
    const note = { pid: process.ppid, host: hostname(), started: null, since: 'then', id: 'x' };
    writeFileSync('runs/r/lock', JSON.stringify(note));
    const second = await train('steps=5', '--resume', 'runs/r');
    expect(second.code).toBe(2);
    expect(second.err).toContain(`runs/r is being written by process ${process.ppid}`);
    writeFileSync('runs/r/lock', JSON.stringify({ ...note, started: '1' }));
    const third = await train('steps=5', '--resume', 'runs/r');
    expect(third.code, third.err).toBe(0);
    expect(third.err).toContain(
      `process ${process.ppid}, which wrote to runs/r, has ended: its lock is taken over`,
    );
    expect(readdirSync('runs/r').sort()).toEqual(['checkpoints', 'metrics.jsonl', 'tensorboard']);
  });
});

describe('weights that are no numbers', () => {
  beforeEach(() => cpSync('runs/r/checkpoints/step-00000004', 'spoilt', { recursive: true }));
  afterEach(() => rmSync('spoilt', { recursive: true }));

  /** Puts NaN in the place of a number, in a file whose manifest says nothing of it. */
  async function spoil(file: 'weights' | 'optimizer'): Promise<string> {
    const path = `spoilt/${file}.safetensors`;
    const bytes = readFileSync(path);
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    writeFileSync(path, bytes);
    const manifest = JSON.parse(readFileSync('spoilt/manifest.json', 'utf8'));
    const { createHash } = await import('node:crypto');
    manifest.files[`${file}.safetensors`].sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync('spoilt/manifest.json', JSON.stringify(manifest));
    const { tensors } = await openTensors(await openCheckpoint('spoilt'), file);
    return [...tensors.keys()].at(-1)!;
  }

  it.each([
    ['caption', ['caption', 'train/0.png', '--checkpoint', 'spoilt']],
    ['eval', ['eval', 'train', '--checkpoint', 'spoilt']],
    ['export', ['export', '--checkpoint', 'spoilt', '--out', 'out']],
    ['train --init', ['train', 'config.json', '--set', 'name=n', '--init', 'spoilt']],
  ])('%s names the tensor and fails', async (_, args) => {
    const name = await spoil('weights');
    const { code, out, err } = await simvlm(...args, ...(args[0] === 'export' ? [] : ['--backend', 'wasm']));
    expect(code).toBe(1);
    expect(err).toContain(`weights: "${name}" holds NaN at place`);
    expect(out).toBe('');
  });

  it('moments are refused by a resume', async () => {
    const name = await spoil('optimizer');
    rmSync('runs/r', { recursive: true });
    const { code, err } = await train('steps=5', '--resume', 'spoilt');
    expect(code).toBe(1);
    expect(err).toContain(`optimizer state: "${name}" holds NaN`);
  });

  it('of the optimiser, captioning reads nothing', async () => {
    writeFileSync('spoilt/optimizer.safetensors', readFileSync('spoilt/optimizer.safetensors').fill(1));
    expect((await simvlm('caption', 'train/0.png', '--checkpoint', 'spoilt', '--backend', 'wasm')).code).toBe(
      0,
    );
  });
});

it('a configuration larger than its weights is refused before anything is allocated for it', async () => {
  cpSync('runs/r/checkpoints/step-00000004', 'bomb', { recursive: true });
  const model = JSON.parse(readFileSync('bomb/model.json', 'utf8'));
  const bytes = Buffer.from(
    JSON.stringify({ ...model, width: 65_536, heads: 2, layers: 1000, mlp: 1_000_000 }),
  );
  writeFileSync('bomb/model.json', bytes);
  const manifest = JSON.parse(readFileSync('bomb/manifest.json', 'utf8'));
  delete manifest.files['model.json'];
  const { createHash } = await import('node:crypto');
  manifest.files['model.json'] = {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  writeFileSync('bomb/manifest.json', JSON.stringify(manifest));
  const before = process.memoryUsage().rss;
  const { code, err } = await simvlm('caption', 'train/0.png', '--checkpoint', 'bomb', '--backend', 'wasm');
  expect(code).toBe(1);
  expect(err).toMatch(/the weights of this model take [\d.]+ GiB, and the backend 'wasm' has 4.0 GiB/);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
});
