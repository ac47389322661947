/**
 * Cross-entropy of rows with weights, and its gradient: a workgroup a row. `R` rows, `V` vocabulary.
 *
 *     row r    x x x x x x x x x x x x      each thread over its numbers, read once: the largest so far m, and Σ e^(x − m), scaled
 *              ╰── 256 ─╯╰── 256 ─╯         down whenever m grows; then M = max m, and Σ over threads of e^(m − M) times theirs
 *
 * ("Online normalizer calculation for softmax", Milakov and Gimelshein, 2018.) Rows of weight 0 may hold anything: a comparison
 * decides over them, not a product.
 */
import { type CrossEntropyAttrs, fusedKernel } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { IS_NAN } from '../wgsl';
import { kernel, type Of, type WebGpuKernel } from './kernel';
import { reducing, workgroupMax, workgroupSum } from './reduce';

const THREADS = 256;

const forward = reducing(subgroups => ({
  key: 'cross-entropy',
  reads: { logits: 'f32', labels: 'i32', weights: 'f32' },
  writes: { loss: 'f32', lse: 'f32' },
  uniforms: ['R', 'V', 'smoothingF', 'nanF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
${workgroupSum(THREADS, subgroups)}
${workgroupMax(THREADS, subgroups)}
${IS_NAN}
fn main(group: vec3<u32>, row: u32, local: vec3<u32>) {
  if (row >= u.R) { return; }
  let at = row * u.V;
  // The mean of the logits, for smoothing, keeps its digits around any one of them that is a number.
  let shift = select(0.0, logits[at], abs(logits[at]) < 1e30);
  var largest = -3.4028234e38;
  var sum = 0.0;
  var shifted = 0.0;
  for (var i = lane; i < u.V; i += ${THREADS}) {
    let value = logits[at + i];
    let e = select(exp(-abs(value - largest)), u.nanF, isNan(value));
    sum = select(sum + e, sum * e + 1.0, value > largest);
    largest = select(largest, value, value > largest);
    shifted += value - shift;
  }
  let top = workgroupMax(largest);
  let all = workgroupSum(sum * exp(largest - top));
  let logSum = select(log(all), u.nanF, isNan(all));
  let mean = workgroupSum(shifted) / f32(u.V) + (shift - top);
  if (lane == 0) {
    let label = u32(labels[row]);
    // A label that does not exist is no loss of another one.
    var expected = u.nanF;
    if (label < u.V) { expected = logits[at + label] - top; }
    if (u.smoothingF != 0.0) { expected = (1.0 - u.smoothingF) * expected + u.smoothingF * mean; }
    let weight = weights[row];
    if (weight == 0.0) { loss[row] = 0.0; } else { loss[row] = weight * (logSum - expected); }
    lse[row] = logSum + top;
  }
}`,
}));

const backward: Program = {
  key: 'cross-entropy-grad',
  reads: { logits: 'f32', labels: 'i32', weights: 'f32', lse: 'f32', dy: 'f32' },
  writes: { dlogits: 'f32' },
  uniforms: ['R', 'V', 'smoothingF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
fn main(group: vec3<u32>, row: u32, local: vec3<u32>) {
  if (row >= u.R) { return; }
  let at = row * u.V;
  let scale = weights[row] * dy[row];
  let label = u32(labels[row]);
  let everywhere = u.smoothingF / f32(u.V);
  for (var i = lane; i < u.V; i += ${THREADS}) {
    var d = 0.0;
    if (scale != 0.0) {
      let hit = select(0.0, 1.0 - u.smoothingF, i == label);
      d = scale * (exp(logits[at + i] - lse[row]) - hit - everywhere);
    }
    dlogits[at + i] = d;
  }
}`,
};

export const crossEntropy: WebGpuKernel = kernel<Of<'logits' | 'labels' | 'weights'>, CrossEntropyAttrs>(
  fusedKernel.crossEntropy,
  (b, { logits, labels, weights }, { labelSmoothing }) => {
    const [R, V] = logits.shape as [number, number];
    const outputs = [b.make([R], 'float32'), b.make([R], 'float32')];
    b.launch({
      ...{ program: forward(b), inputs: [logits, labels, weights], outputs },
      uniforms: { R, V, smoothingF: labelSmoothing, nanF: Number.NaN },
      groups: folded(R, b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return outputs;
  },
);

export const crossEntropyGrad: WebGpuKernel = kernel<
  Of<'logits' | 'labels' | 'weights' | 'lse' | 'dy'>,
  CrossEntropyAttrs
>(fusedKernel.crossEntropyGrad, (b, { logits, labels, weights, lse, dy }, { labelSmoothing }) => {
  const [R, V] = logits.shape as [number, number];
  const dlogits = b.make(logits.shape, 'float32');
  b.launch({
    ...{ program: backward, inputs: [logits, labels, weights, lse, dy], outputs: [dlogits] },
    uniforms: { R, V, smoothingF: labelSmoothing },
    groups: folded(R, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return [dlogits];
});
