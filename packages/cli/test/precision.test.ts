import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

const { describe, test } = await needs('libtorch');

describe('precision', () => {
  let folder: ReturnType<typeof workingFolder>;
  beforeAll(async () => {
    folder = workingFolder();
    await drawFolder('pictures', 24, 1);
    folder.write('narrow.json', smallConfig('pictures', { name: 'narrow', steps: 4, precision: 'bfloat16' }));
    folder.write('exact.json', smallConfig('pictures', { name: 'exact', steps: 4 }));
  });
  afterAll(() => folder.leave());

  const native = ['--backend', 'native', '--device', 'cpu'];
  const precisionIn = (run: string, step: string): unknown =>
    JSON.parse(readFileSync(join('runs', run, 'checkpoints', step, 'run.json'), 'utf8')).precision;

  test('of a config is what training computes in, and what the checkpoint remembers', async () => {
    const { code, err } = await simvlm('train', 'narrow.json', ...native);
    expect(err).toMatch(/backend native \(libtorch [^)]*, bfloat16\)/);
    expect(code).toBe(0);
    expect(precisionIn('narrow', 'step-00000004')).toBe('bfloat16');
  });

  test('on the command line goes before that of the config', async () => {
    const { code, err } = await simvlm(
      'train',
      'narrow.json',
      '--set',
      'name=wide',
      '--precision',
      'float32',
      ...native,
    );
    expect(err).toMatch(/backend native \(libtorch [^)]*, float32\)/);
    expect(code).toBe(0);
    expect(precisionIn('wide', 'step-00000004')).toBe('float32');
  });

  test.each([
    ['float32', ['--backend', 'wasm']],
    ['float32', native],
    ['bfloat16', [...native, '--precision', 'bfloat16']],
  ])('of a training binds nobody: its checkpoint captions in %s by %j', async (_, args) => {
    const { code, lines } = await simvlm('caption', 'pictures/0.png', '--checkpoint', 'runs/narrow', ...args);
    expect([code, lines.length]).toEqual([0, 1]);
  });

  test('may change when a run goes on, which is said, and on other backends', async () => {
    expect((await simvlm('train', 'exact.json', '--backend', 'wasm')).code).toBe(0);
    const more = ['--resume', 'runs/exact', '--set', 'steps=6'];
    const { code, err } = await simvlm('train', 'exact.json', ...more, '--precision', 'bfloat16', ...native);
    expect(err).toContain('changed on resume: precision "float32" → "bfloat16"');
    expect(code).toBe(0);
    expect(precisionIn('exact', 'step-00000006')).toBe('bfloat16');
  });
});
