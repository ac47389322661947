import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawFolder, ended, simvlm, smallConfig, startSimvlm, workingFolder } from './fixture';

const STEPS = 24;
const evaluations = [
  { name: 'val', data: 'val', evaluators: [{ kind: 'caption' }] },
  { name: 'artist', data: 'test', evaluators: [{ kind: 'caption' }], test: true },
];
const metrics = ['val/caption/wordF1', 'training/loss', 'training/val/loss', 'artist/caption/wordF1'];
const runs = ['encoder-decoder/seed-1', 'decoder-only/seed-1'];

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  for (const [name, seed] of [
    ['train', 1],
    ['val', 2],
    ['test', 3],
  ] as const)
    await drawFolder(name, 20, seed);
  const base = smallConfig('train', {
    ...{ steps: STEPS, checkpoints: { seconds: 0 }, evaluation: { steps: STEPS } },
    data: { train: 'train', val: 'val' },
    optimizer: { warmup: 2 },
  });
  folder.write('base.json', base);
  const cells = {
    'encoder-decoder': {},
    'decoder-only': { set: { 'model.architecture': 'decoder-only' } },
  };
  folder.write('grid.json', { base: 'base.json', cells, seeds: [1], evaluations, metrics });
});
afterAll(() => folder.leave());

/** A run of the grid in this process. */
const alone = (run: string, ...more: string[]) =>
  simvlm('ablate', 'grid.json', '--out', 'alone', '--backend', 'wasm', '--run', run, ...more);
/** What each run came to, without the time that it took. */
const values = (out: string) => {
  const { cells } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return cells.map(({ runs }: { runs: { values: Record<string, number> }[] }) =>
    runs.map(({ values: { 'training/seconds': _, ...rest } }) => rest),
  );
};
/** All files with the time of their last change. */
const files = (out: string) =>
  readdirSync(out, { recursive: true })
    .map(String)
    .filter(name => !/^(table\.md|results\.json)$/.test(name) && statSync(join(out, name)).isFile())
    .map(name => [name, statSync(join(out, name)).mtimeMs]);

describe('simvlm ablate', () => {
  beforeAll(async () => {
    for (const run of runs) {
      const { code, err } = await alone(run);
      expect(code, err).toBe(0);
    }
  });

  test('makes the table of what is done, and computes nothing', async () => {
    const before = files('alone');
    const { code, out, err } = await simvlm('ablate', 'grid.json', '--out', 'alone', '--table', 'table.md');
    expect(code, err).toBe(0);
    expect(out).toContain(
      '| val/caption/wordF1 | difference | training/loss | difference | training/val/loss |',
    );
    expect(out).not.toContain('artist');
    expect(readFileSync('table.md', 'utf8')).toBe(out);
    expect(readFileSync('alone/table.md', 'utf8')).toBe(out);
    expect(files('alone')).toEqual(before);
  });

  test('killed in the middle it goes on, and comes to what undisturbed runs alone come to, to the bit', async () => {
    const start = () =>
      startSimvlm(['ablate', 'grid.json', '--out', 'killed', '--jobs', '2', '--backend', 'wasm']);
    const killed = start();
    const end = ended(killed);
    /** One of them has a whole checkpoint. */
    const saved = () =>
      runs.find(
        run => existsSync(`killed/${run}/checkpoints`) && readdirSync(`killed/${run}/checkpoints`).length > 1,
      );
    let isOver = false;
    void end.then(() => (isOver = true));
    while (!saved() && !isOver) await new Promise(resolve => setTimeout(resolve, 10));
    const begun = saved();
    killed.kill('SIGKILL');
    expect(await end).toBe('SIGKILL');
    // Its runs end with it, and let others in.
    const isHeld = () => runs.some(run => existsSync(`killed/${run}/lock`));
    expect(runs.some(run => existsSync(`killed/${run}/run.json`))).toBe(false);
    const again = start();
    let printed = '';
    for (const stream of [again.stdout!, again.stderr!]) stream.on('data', chunk => void (printed += chunk));
    expect(await ended(again), printed).toBe(0);
    expect(isHeld()).toBe(false);
    expect(values('killed')).toEqual(values('alone'));
    expect(readFileSync(`killed/${begun}/log.txt`, 'utf8')).toContain(
      `going on from killed/${begun}/checkpoints/`,
    );
  });

  test('reads test data when it is told to', async () => {
    for (const run of runs) expect((await alone(run, '--test')).code).toBe(0);
    const { out } = await simvlm('ablate', 'grid.json', '--out', 'alone', '--test');
    expect(out).toContain('artist/caption/wordF1');
  });

  test('tells a run that failed and why, with exit code 1, and lists what is to do', async () => {
    folder.write('wrong.json', {
      ...{
        base: 'base.json',
        cells: { fine: {}, wrong: { set: { 'optimizer.learningRate': 1, 'optimizer.clip': 0 } } },
      },
      ...{ seeds: [1], metrics: ['training/loss'], set: { 'data.train': 'nowhere' } },
    });
    const { code, err } = await simvlm('ablate', 'wrong.json', '--out', 'wrong', '--run', 'wrong/seed-1');
    expect(code, err).toBe(1);
    expect(err).toContain('"data.train": ');
    const listed = await simvlm('ablate', 'wrong.json', '--out', 'wrong', '--dry-run');
    expect(listed.lines).toEqual(['missing  fine/seed-1', 'failed   wrong/seed-1', '2 runs to do, of 2']);
    expect(JSON.parse(readFileSync('wrong/wrong/seed-1/failure.json', 'utf8')).message).toContain('nowhere');
    rmSync('wrong', { recursive: true });
  });

  test('refuses what cannot be before anything is made', async () => {
    const refused = await simvlm('ablate', 'grid.json', '--out', 'new', '--run', 'decoder-only/seed-2');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('the grid has no run "decoder-only/seed-2"; --dry-run lists them');
    folder.write('unknown.json', {
      base: 'base.json',
      cells: { a: { set: { 'task.kind': 'clasify' } } },
      metrics,
    });
    const unknown = await simvlm('ablate', 'unknown.json', '--out', 'new');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain('is of no evaluation');
    const absent = await simvlm('ablate', 'absent', '--out', 'new');
    expect(absent.err).toContain('cannot read the grid absent: ENOENT; there is no grid of this name either');
    expect(existsSync('new')).toBe(false);
  });
});
