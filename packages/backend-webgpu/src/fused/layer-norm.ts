/**
 * Layer norm (Ba, Kiros and Hinton, 2016) and its gradient by x: a workgroup a row. `R` rows, `D` width.
 *
 *     row r    x x x x x x x x x x x x        64 threads stride over D three times: Σx, Σ(x − mean)², y
 *              ╰── 64 ──╯╰── 64 ──╯           each keeps a partial sum; the sums meet in workgroup memory
 *
 * The gradients of scale and shift are sums down the columns (`column-sums.ts`).
 */
import { fusedKernel, type LayerNormAttrs } from '@simvlm/ops';
import { folded } from '../program';
import { launchPartials, launchTotals, partialColumnSums } from './column-sums';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';
import { reducing, workgroupSum } from './reduce';

const THREADS = 64;

const forward = reducing(subgroups => ({
  key: 'layer-norm',
  reads: { x: 'f32', gamma: 'f32', beta: 'f32' },
  writes: { y: 'f32', means: 'f32', rstds: 'f32' },
  uniforms: ['R', 'D', 'epsilonF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
fn main(group: vec3<u32>, row: u32, local: vec3<u32>) {
  if (row >= u.R) { return; }
  let at = row * u.D;
  var sum = 0.0;
  for (var i = lane; i < u.D; i += ${THREADS}) { sum += x[at + i]; }
  let mean = workgroupSum(sum) / f32(u.D);
  var squares = 0.0;
  for (var i = lane; i < u.D; i += ${THREADS}) {
    let centred = x[at + i] - mean;
    squares += centred * centred;
  }
  let rstd = inverseSqrt(workgroupSum(squares) / f32(u.D) + u.epsilonF);
  for (var i = lane; i < u.D; i += ${THREADS}) {
    y[at + i] = (x[at + i] - mean) * rstd * gamma[i] + beta[i];
  }
  if (lane == 0) {
    means[row] = mean;
    rstds[row] = rstd;
  }
}`,
}));

/** dx = rstd · (g − mean(g) − x̂ · mean(g · x̂)) with g = dy · gamma. */
const backward = reducing(subgroups => ({
  key: 'layer-norm-grad',
  reads: { x: 'f32', gamma: 'f32', means: 'f32', rstds: 'f32', dy: 'f32' },
  writes: { dx: 'f32' },
  uniforms: ['R', 'D'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
fn main(group: vec3<u32>, row: u32, local: vec3<u32>) {
  if (row >= u.R) { return; }
  let at = row * u.D;
  let mean = means[row];
  let rstd = rstds[row];
  var sum = 0.0;
  var sumNormed = 0.0;
  for (var i = lane; i < u.D; i += ${THREADS}) {
    let g = dy[at + i] * gamma[i];
    sum += g;
    sumNormed += g * (x[at + i] - mean) * rstd;
  }
  let meanG = workgroupSum(sum) / f32(u.D);
  let meanNormed = workgroupSum(sumNormed) / f32(u.D);
  for (var i = lane; i < u.D; i += ${THREADS}) {
    let normed = (x[at + i] - mean) * rstd;
    dx[at + i] = (dy[at + i] * gamma[i] - meanG - normed * meanNormed) * rstd;
  }
}`,
}));

const affine = partialColumnSums(
  'layer-norm-affine-grad',
  { x: 'f32', means: 'f32', rstds: 'f32', dy: 'f32' },
  [],
  `
fn pairAt(row: u32, picture: u32, column: u32) -> vec2<f32> {
  let at = row * u.W + column;
  return dy[at] * vec2<f32>((x[at] - means[row]) * rstds[row], 1.0);
}`,
);

export const layerNorm: WebGpuKernel = kernel<Of<'x' | 'gamma' | 'beta'>, LayerNormAttrs>(
  fusedKernel.layerNorm,
  (b, { x, gamma, beta }, { epsilon }) => {
    const D = gamma.shape[0]!;
    const R = sizeOf(x.shape.slice(0, -1));
    const outputs = [b.make(x.shape, 'float32'), b.make([R], 'float32'), b.make([R], 'float32')];
    b.launch({
      ...{ program: forward(b), inputs: [x, gamma, beta], outputs },
      uniforms: { R, D, epsilonF: epsilon },
      groups: folded(R, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return outputs;
  },
);

export const layerNormGrad: WebGpuKernel = kernel<Of<'x' | 'gamma' | 'mean' | 'rstd' | 'dy'>, LayerNormAttrs>(
  fusedKernel.layerNormGrad,
  (b, { x, gamma, mean, rstd, dy }) => {
    const D = gamma.shape[0]!;
    const R = sizeOf(x.shape.slice(0, -1));
    const dx = b.make(x.shape, 'float32');
    b.launch({
      ...{ program: backward(b), inputs: [x, gamma, mean, rstd, dy], outputs: [dx] },
      uniforms: { R, D },
      groups: folded(R, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    const partials = launchPartials(b, affine, [x, mean, rstd, dy], [1, R, D]);
    const sums = launchTotals(b, partials, D);
    b.disposeData(partials.tensor.dataId);
    return [dx, ...sums];
  },
);
