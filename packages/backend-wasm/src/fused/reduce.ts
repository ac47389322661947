import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { grainOf, runsOf } from './grain';

/** `out` = the sum of `count` partial results of `width` numbers, `stride` numbers apart, added in their order. */
export function sumPartials(
  backend: WasmBackend,
  partial: number,
  out: tf.TensorInfo,
  count: number,
  width: number,
  stride = width,
): void {
  const blocks = Math.ceil(width / 64);
  const args = [partial, backend.pointer(out), count, width, stride];
  backend.runJob('fusedSumPartials', blocks, args, grainOf(count * 16));
}

/** `out[width]` = the sum of the rows of `x[rows, width]`, given by address. */
export function columnSums(
  backend: WasmBackend,
  x: number,
  out: tf.TensorInfo,
  rows: number,
  width: number,
): void {
  const { perRun, runs } = runsOf(rows, width / 8);
  backend.runtime.withScratch(runs * width * 4, partial => {
    backend.runJob('fusedColumnSums', runs, [x, partial, rows, width, perRun]);
    sumPartials(backend, partial, out, runs, width);
  });
}
