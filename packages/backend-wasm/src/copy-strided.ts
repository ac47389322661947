import type { WasmRuntime } from './runtime';
import { collapse, padFront, sizeOf } from './shapes';

const GRAIN = 16_384;

/**
 * Copies 4-byte numbers between two arrays that are walked over together: `sizes` are the axes, the strides are in
 * numbers, the addresses in bytes. A last axis that is dense on both sides is copied in runs; one that is dense only in the
 * target, while another axis is dense in the source, is a transposition in blocks.
 */
export function copyStrided(
  runtime: WasmRuntime,
  from: number,
  to: number,
  axes: readonly number[],
  fromStrides: readonly number[],
  toStrides: readonly number[],
): void {
  if (sizeOf(axes) === 0) return;
  const { sizes, strides } = collapse(axes, [fromStrides, toStrides]);
  const [source, target] = strides as [number[], number[]];
  if (sizes.length > 5) {
    // More axes than the kernels count: the first one is walked over here.
    for (let i = 0; i < sizes[0]!; i++) {
      const [f, t] = [from + i * source[0]! * 4, to + i * target[0]! * 4];
      copyStrided(runtime, f, t, sizes.slice(1), source.slice(1), target.slice(1));
    }
    return;
  }
  const last = sizes.length - 1;
  const dense = source.indexOf(1);
  if (dense >= 0 && dense !== last && target[last] === 1) {
    transpose(runtime, from, to, sizes, source, target, dense);
    return;
  }
  let run = 1;
  if (last >= 0 && source[last] === 1 && target[last] === 1) {
    run = sizes.pop()!;
    source.pop();
    target.pop();
  }
  const runs = sizeOf(sizes);
  if (runs === 1 && run > GRAIN) {
    // One long run: cut, so that the threads share it.
    runtime.runJob('copyFlat', run, [from, to], GRAIN);
    return;
  }
  const [, ...inner] = padFront(sizes, 5, 1);
  const bytes = (list: readonly number[]): number[] => padFront(list, 5, 0).map(stride => stride * 4);
  const args = [from, to, run * 4, ...inner, ...bytes(source), ...bytes(target)];
  runtime.runJob('copyRuns', runs, args, Math.ceil(GRAIN / (run + 4)));
}

/** Axis `dense` of the source becomes the last one of the target. */
function transpose(
  runtime: WasmRuntime,
  from: number,
  to: number,
  sizes: readonly number[],
  source: readonly number[],
  target: readonly number[],
  dense: number,
): void {
  const last = sizes.length - 1;
  const rows = sizes[last]!;
  const cols = sizes[dense]!;
  const rest = <T>(list: readonly T[]): T[] => list.filter((_, axis) => axis !== last && axis !== dense);
  const outer = rest(sizes);
  const [, ...inner] = padFront(outer, 4, 1);
  const bytes = (list: readonly number[]): number[] => padFront(rest(list), 4, 0).map(stride => stride * 4);
  const args = [
    from,
    source[last]! * 4,
    to,
    target[dense]! * 4,
    rows,
    cols,
    ...inner,
    ...bytes(source),
    ...bytes(target),
  ];
  const groups = sizeOf(outer) * Math.ceil(cols / 4);
  runtime.runJob('transposeMatrices', groups, args, Math.ceil(GRAIN / (rows * 4) / 4) * 4);
}
