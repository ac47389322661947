import type { NativeReport } from '@simvlm/backend-native';
import { expect, it } from 'vitest';
import { nativeLines } from '../src/commands/info';
import { simvlm } from './fixture';

const whole: NativeReport = {
  libtorch: { version: '2.13.0', cuda: '13.0', folder: '/venv/torch/lib', source: '/venv/torch' },
  cpu: { threads: 2, capability: 'AVX2', blas: 'MKL 2024.2', oneDnn: '3.12.0' },
  devices: [
    { name: 'cpu', description: 'AVX2' },
    { name: 'cuda:0', description: 'NVIDIA H200' },
  ],
  precisions: [
    { name: 'float32', hardware: true },
    { name: 'bfloat16', hardware: false },
  ],
  advice: ['first', 'second'],
};

it('tells of the native backend in at most five lines', () => {
  expect(nativeLines(whole)).toEqual([
    'libtorch 2.13.0, CUDA 13.0, in /venv/torch/lib',
    'CPU: 2 threads, AVX2, MKL 2024.2, oneDNN 3.12.0',
    'devices: cpu, cuda:0 (NVIDIA H200)',
    'precision: float32, bfloat16 (the CPU has no instructions for it)',
    'first; second',
  ]);
});

it('names what led to a libtorch where its folder does not say so', () => {
  const named = { ...whole, libtorch: { ...whole.libtorch!, cuda: null, source: 'SIMVLM_LIBTORCH' } };
  expect(nativeLines(named)[0]).toBe(
    'libtorch 2.13.0, without CUDA, in /venv/torch/lib (through SIMVLM_LIBTORCH)',
  );
});

it('is one line without a libtorch: what to do', () => {
  const nothing = {
    libtorch: null,
    cpu: null,
    devices: [],
    precisions: [],
    advice: ['no libtorch found: do this'],
  };
  expect(nativeLines(nothing)).toEqual(['no libtorch found: do this']);
});

it('--json has the same as data', async () => {
  const { code, out } = await simvlm('info', '--json');
  expect(code).toBe(0);
  const { backend, native } = JSON.parse(out);
  expect(backend.precision).toBe('float32');
  expect(Object.keys(native).sort()).toEqual(['advice', 'cpu', 'devices', 'libtorch', 'precisions']);
});
