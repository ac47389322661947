import { describe, expect, test, vi } from 'vitest';
import { nativeReport } from '../src/index';
import { hasBfloat16, withoutBlas, withoutGpu } from '../src/report';
import { describeNative } from './libtorch';

describe('the report on the native backend', () => {
  test.each([
    [{ cuda: '13.0' }, true, 1, []],
    [{ cuda: '13.0' }, true, 0, [/CUDA 13.0, but no CUDA device works: see what nvidia-smi says/]],
    [{ cuda: null }, true, 0, [/an NVIDIA GPU, but this libtorch was built without CUDA: pip install torch/]],
    [{ cuda: '13.0' }, false, 0, [/^no CUDA: there is no NVIDIA GPU in \/dev$/]],
    [{ cuda: null }, false, 0, [/no NVIDIA GPU in \/dev, and this libtorch has none$/]],
  ])('says why no GPU computes: %j, GPU %s, working %d', (libtorch, hasGpu, works, lines) => {
    expect(withoutGpu(libtorch, hasGpu, works)).toEqual(lines.map(line => expect.stringMatching(line)));
  });

  test.each([
    ['', false, [/^no BLAS: .* apt-get install libopenblas0-openmp/]],
    ['OpenBLAS for Zen on POSIX threads', true, [/apt-get install libopenblas0-openmp$/]],
    ['MKL 2024.2', false, []],
  ])('says why products are slow: "%s"', (blas, onPosixThreads, lines) => {
    expect(withoutBlas({ blas }, onPosixThreads)).toEqual(lines.map(line => expect.stringMatching(line)));
  });

  test('knows which processors multiply bfloat16', () => {
    expect(hasBfloat16(new Set(['avx2', 'avx512f']))).toBe(false);
    expect(hasBfloat16(new Set(['avx2', 'avx512_bf16']))).toBe(true);
    expect(hasBfloat16(new Set())).toBe(false);
  });

  test('without a libtorch is the reason alone', async () => {
    vi.resetModules();
    vi.stubEnv('SIMVLM_LIBTORCH', '/nowhere');
    const { nativeReport } = await import('../src/index');
    expect(await nativeReport()).toEqual({
      libtorch: null,
      cpu: null,
      devices: [],
      precisions: [],
      advice: [expect.stringContaining('no libtorch with headers in /nowhere')],
    });
    vi.unstubAllEnvs();
  });
});

describeNative('the report on a libtorch', () => {
  test('has its version, the CPU and its devices', async () => {
    const { libtorch, cpu, devices, precisions } = await nativeReport();
    expect(libtorch?.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(cpu?.threads).toBeGreaterThanOrEqual(1);
    expect(devices[0]).toEqual({ name: 'cpu', description: cpu?.capability });
    expect(precisions.map(({ name }) => name)).toEqual(['float32', 'bfloat16']);
  });
});
