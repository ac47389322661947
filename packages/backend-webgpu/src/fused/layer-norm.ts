/**
 * Layer norm (Ba, Kiros and Hinton, 2016): a workgroup a row. `R` rows, `D` width.
 *
 *     row r    x x x x x x x x x x x x        64 threads stride over D three times: Σx, Σ(x − mean)², y
 *              ╰── 64 ──╯╰── 64 ──╯           each keeps a partial sum; the sums meet in workgroup memory
 */
import { fusedKernel, type LayerNormAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';
import { workgroupSum } from './reduce';

const THREADS = 64;

const forward: Program = {
  key: 'layer-norm',
  reads: { x: 'f32', gamma: 'f32', beta: 'f32' },
  writes: { y: 'f32', means: 'f32', rstds: 'f32' },
  uniforms: ['R', 'D', 'epsilonF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS)}
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
};

export const layerNorm: WebGpuKernel = kernel<Of<'x' | 'gamma' | 'beta'>, LayerNormAttrs>(
  fusedKernel.layerNorm,
  (b, { x, gamma, beta }, { epsilon }) => {
    const D = gamma.shape[0]!;
    const R = sizeOf(x.shape.slice(0, -1));
    const outputs = [b.make(x.shape, 'float32'), b.make([R], 'float32'), b.make([R], 'float32')];
    b.launch({
      ...{ program: forward, inputs: [x, gamma, beta], outputs },
      uniforms: { R, D, epsilonF: epsilon },
      groups: folded(R, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return outputs;
  },
);
