/**
 * Cumulative sums and products: a workgroup a line. tfjs's go wrong backwards.
 *
 *     line    x x x x x │ x x x x x │ x x x x x │ …      each of 64 threads: the sum of its stretch
 *                 ▪     │     ▪     │     ▪              Σ of the stretches before, in workgroup memory
 *             y y y y y │ y y y y y │ y y y y y │ …      each its stretch once more, from there on
 */
import { kernel, type Of, type WebGpuKernel } from '../fused/kernel';
import { folded, type Program } from '../program';

const THREADS = 64;

interface ScanAttrs {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

function programOf(name: string, type: 'f32' | 'i32', operator: '+' | '*'): Program {
  const neutral = operator === '+' ? `${type}(0)` : `${type}(1)`;
  return {
    key: `${name} ${type}`,
    reads: { xs: type },
    writes: { ys: type },
    uniforms: ['lines', 'length', 'step', 'exclusive', 'reverse'],
    workgroup: [THREADS, 1, 1],
    code: () => `
var<workgroup> stretches: array<${type}, ${THREADS}>;
fn main(group: vec3<u32>, line: u32, local: vec3<u32>) {
  if (line >= u.lines) { return; }
  let first = line / u.step * u.length * u.step + line % u.step;
  let stretch = (u.length + ${THREADS - 1}) / ${THREADS};
  let start = lane * stretch;
  let end = min(start + stretch, u.length);
  var sum = ${neutral};
  for (var i = start; i < end; i++) { sum = sum ${operator} xs[first + select(i, u.length - 1 - i, u.reverse == 1) * u.step]; }
  stretches[lane] = sum;
  workgroupBarrier();
  sum = ${neutral};
  for (var i = 0u; i < lane; i++) { sum = sum ${operator} stretches[i]; }
  for (var i = start; i < end; i++) {
    let at = first + select(i, u.length - 1 - i, u.reverse == 1) * u.step;
    let next = sum ${operator} xs[at];
    ys[at] = select(next, sum, u.exclusive == 1);
    sum = next;
  }
}`,
  };
}

export const scanKernels: readonly WebGpuKernel[] = (
  [
    ['Cumsum', '+'],
    ['Cumprod', '*'],
  ] as const
).map(([name, operator]) => {
  const programs = { f32: programOf(name, 'f32', operator), i32: programOf(name, 'i32', operator) };
  return kernel<Of<'x'>, ScanAttrs>(name, (b, { x }, { axis, exclusive, reverse }) => {
    const at = axis < 0 ? axis + x.shape.length : axis;
    const length = x.shape[at] ?? 1;
    const step = x.shape.slice(at + 1).reduce((product, extent) => product * extent, 1);
    const size = x.shape.reduce((product, extent) => product * extent, 1);
    const lines = length === 0 ? 0 : size / length;
    const isFloat = x.dtype === 'float32';
    const y = b.make(x.shape, isFloat ? 'float32' : 'int32');
    b.launch({
      ...{ program: programs[isFloat ? 'f32' : 'i32'], inputs: [x], outputs: [y] },
      uniforms: { lines, length, step, exclusive: Number(exclusive), reverse: Number(reverse) },
      groups: folded(lines, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return y;
  });
});
