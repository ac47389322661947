import { afterAll, beforeAll, expect } from 'vitest';
import { takeSoftwareDriver } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

const { describe, test } = await needs('webgpu');

describe('on WebGPU in Node', () => {
  let folder: ReturnType<typeof workingFolder>;
  beforeAll(async () => {
    takeSoftwareDriver();
    folder = workingFolder();
    await drawFolder('pictures', 24, 1);
    folder.write('config.json', smallConfig('pictures', { steps: 2 }));
  });
  afterAll(() => folder.leave());

  const software = ['--backend', 'webgpu', '--device', 'software'];

  test('a run trains, and is captioned by it and by another backend', { timeout: 120_000 }, async () => {
    const { code, err } = await simvlm('train', 'config.json', ...software);
    expect(err).toMatch(/backend webgpu \(.*\): webgpu was asked for/);
    expect(code).toBe(0);
    const captions = [];
    for (const backend of [software, ['--backend', 'wasm']]) {
      const done = await simvlm('caption', 'pictures/0.png', '--checkpoint', 'runs/shapes', ...backend);
      expect([done.code, done.lines.length]).toEqual([0, 1]);
      captions.push(done.lines[0]);
    }
    expect(captions[0]).toBe(captions[1]);
  });
});
