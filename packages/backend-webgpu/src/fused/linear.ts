/**
 * Linear maps with bias and activation: one matrix product each way. `R` rows, `I` inputs, `O` outputs.
 *
 *     y = activation(x · w + b)       one launch, z beside it
 *     dz = dy · activation′(z)        one launch, with an activation only: the slope in both products below would be computed for each tile anew
 *     dx = dz · wᵀ              one
 *     dw = xᵀ · dz              one, which has db, the sums of dz's columns, on the way; where it is cut into slabs two more to add them
 */
import { type Activation, fusedKernel, type LinearAttrs, type LinearGradAttrs } from '@simvlm/ops';
import { gemm } from '../gemm';
import { folded, type Program } from '../program';
import { activationText } from './activations';
import { kernel, type Of, type SimVlmWebGpuBackend, sizeOf, type T, type WebGpuKernel } from './kernel';

const THREADS = 64;

const slopeProgram = (activation: Activation): Program => ({
  key: `activation-grad ${activation}`,
  reads: { z: 'f32', dy: 'f32' },
  writes: { dz: 'f32' },
  uniforms: ['size'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${activationText(activation, 'f32')}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let at = groupIndex * ${THREADS} + lane;
  if (at < u.size) { dz[at] = dy[at] * activationSlope(z[at]); }
}`,
});

export const linear: WebGpuKernel = kernel<Of<'x' | 'w'> & { b?: T }, LinearAttrs>(
  fusedKernel.linear,
  (backend, { x, w, b: bias }, { activation, transposeW }) => {
    const [R, I, O] = extents(x, w, transposeW);
    const shape = [...x.shape.slice(0, -1), O];
    const c = backend.make(shape, 'float32');
    const z = activation === 'none' ? undefined : backend.make(shape, 'float32');
    gemm(backend, { M: R, N: O, K: I, a: x, b: w, transposeB: transposeW, bias, activation, c, z });
    return z ? [c, z] : [c];
  },
);

export const linearGrad: WebGpuKernel = kernel<Of<'x' | 'w' | 'dy'> & { z?: T }, LinearGradAttrs>(
  fusedKernel.linearGrad,
  (backend, { x, w, z, dy }, { activation, transposeW, wanted }) => {
    const [R, I, O] = extents(x, w, transposeW);
    const dz = activation === 'none' ? dy : through(backend, activation, z!, dy);
    const gradients: T[] = [];
    if (wanted !== 'weights') {
      const dx = backend.make(x.shape, 'float32');
      gemm(backend, { M: R, N: I, K: O, a: dz, b: w, transposeB: !transposeW, c: dx });
      gradients.push(dx);
    }
    if (wanted !== 'x') {
      const [dw, db] = [backend.make(w.shape, 'float32'), backend.make([O], 'float32')];
      // The weights' gradient lies as the weights do.
      gemm(backend, {
        ...(transposeW ? { M: O, N: I, a: dz, b: x } : { M: I, N: O, a: x, b: dz }),
        ...{ K: R, transposeA: true, c: dw, sums: { of: transposeW ? 'a' : 'b', to: db } },
      });
      gradients.push(dw, db);
    }
    if (dz !== dy) backend.disposeData(dz.dataId);
    return gradients;
  },
);

/** R, I and O of x[…, I] · w. */
function extents(x: T, w: T, transposeW: boolean): [number, number, number] {
  return [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]!, w.shape[transposeW ? 0 : 1]!];
}

function through(backend: SimVlmWebGpuBackend, activation: Activation, z: T, dy: T): T {
  const dz = backend.make(dy.shape, 'float32');
  const size = sizeOf(dy.shape);
  const groups = folded(Math.ceil(size / THREADS), backend.device.limits.maxComputeWorkgroupsPerDimension);
  const program = slopeProgram(activation);
  backend.launch({ program, inputs: [z, dy], outputs: [dz], uniforms: { size }, groups });
  return dz;
}
