/**
 * Cross-entropy of rows with weights, and its gradient. `R` rows, `V` vocabulary.
 *
 * The forward pass reads the logits once (log Σ exp) and picks one number a row; the gradient makes softmax − target in
 * place on one new tensor. Rows of weight 0 may hold anything: labels are clamped before they pick, and zeros are written over
 * whatever came out. Sums are of float32.
 */
import { type CrossEntropyAttrs, fusedKernel } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, type T, toLong } from '../kernels/kernel';
import { zeroWhereNotPositive } from './masked';

export const crossEntropy: NativeKernel = kernel<Of<'logits' | 'labels' | 'weights'>, CrossEntropyAttrs>(
  fusedKernel.crossEntropy,
  (b, { logits, labels, weights }, { labelSmoothing }) => {
    const [R, V] = logits.shape as [number, number];
    const x_RV = b.input(logits);
    const lse_R = b.device < 0 ? b.op('simvlm::log_sum_exp', x_RV) : b.op('logsumexp', x_RV, [1], false);
    const { given, index } = labelIndex(b, labels, V);
    let expected_R = b.op('view', b.op('gather', x_RV, 1, b.op('view', index, [R, 1])), [R]);
    if (labelSmoothing !== 0) {
      expected_R = b.op('mul.Scalar', expected_R, 1 - labelSmoothing);
      b.op('add_.Tensor', expected_R, b.op('mean.dim', x_RV, [1], false, 6), labelSmoothing);
    }
    const weight_R = b.input(weights);
    const loss_R = b.op('sub.Tensor', lse_R, expected_R);
    // A label that does not exist is no loss of another one.
    b.op('masked_fill_.Scalar', loss_R, b.op('ne.Tensor', given, index), Number.NaN);
    b.op('mul_.Tensor', loss_R, weight_R);
    b.op('masked_fill_.Scalar', loss_R, b.op('eq.Scalar', weight_R, 0), 0);
    return [b.output(loss_R, [R], 'float32'), b.output(lse_R, [R], 'float32')];
  },
);

export const crossEntropyGrad: NativeKernel = kernel<
  Of<'logits' | 'labels' | 'weights' | 'lse' | 'dy'>,
  CrossEntropyAttrs
>(fusedKernel.crossEntropyGrad, (b, { logits, labels, weights, lse, dy }, { labelSmoothing }) => {
  const [R, V] = logits.shape as [number, number];
  const column = (x: Handle) => b.op('reshape', x, [R, 1]);
  const scale_R1 = b.op('mul.Tensor', column(b.input(weights)), column(b.input(dy)));
  if (b.device < 0) {
    const { index } = labelIndex(b, labels, V);
    const args = [b.input(logits), b.input(lse), scale_R1, index] as const;
    const d_RV = b.op('simvlm::cross_entropy_backward', ...args, labelSmoothing);
    return [b.output(d_RV, logits.shape, 'float32')];
  }
  const d_RV = b.op('sub.Tensor', b.input(logits), column(b.input(lse)));
  b.op('exp_', d_RV);
  b.op('mul_.Tensor', d_RV, scale_R1);
  if (labelSmoothing !== 0) b.op('sub_.Tensor', d_RV, scale_R1, labelSmoothing / V);
  const { index } = labelIndex(b, labels, V);
  b.op('scatter_add_', d_RV, 1, column(index), b.op('mul.Scalar', scale_R1, labelSmoothing - 1));
  zeroWhereNotPositive(b, d_RV, b.op('abs', scale_R1), d_RV);
  return [b.output(d_RV, logits.shape, 'float32')];
});

/** Labels in the 64 bits that `gather` wants, as given and as places that exist. */
function labelIndex(b: NativeBackend, labels: T, V: number): { given: Handle; index: Handle } {
  const given = toLong(b, b.input(labels));
  return { given, index: b.op('clamp', given, 0, V - 1) };
}
