import { type CrossEntropyAttrs, fusedKernel } from '@simvlm/ops';
import { defineFused } from './define';
import { grainOf } from './grain';

export const crossEntropy = defineFused<'logits' | 'labels' | 'weights', CrossEntropyAttrs>(
  fusedKernel.crossEntropy,
  ({ logits, labels, weights }, { labelSmoothing }, backend) => {
    const [rows, vocabulary] = logits.shape as [number, number];
    const loss = backend.output([rows]);
    const lse = backend.output([rows]);
    const tensors = [logits, labels, weights, loss, lse].map(tensor => backend.pointer(tensor));
    const args = [...tensors, vocabulary, { f32: labelSmoothing }];
    backend.runJob('fusedCrossEntropy', rows, args, grainOf(1.5 * vocabulary));
    return [loss, lse];
  },
);

export const crossEntropyGrad = defineFused<
  'logits' | 'labels' | 'weights' | 'lse' | 'dy',
  CrossEntropyAttrs
>(fusedKernel.crossEntropyGrad, ({ logits, labels, weights, lse, dy }, { labelSmoothing }, backend) => {
  const [rows, vocabulary] = logits.shape as [number, number];
  const dlogits = backend.output(logits.shape);
  const tensors = [logits, labels, weights, lse, dy, dlogits].map(tensor => backend.pointer(tensor));
  const args = [...tensors, vocabulary, { f32: labelSmoothing }];
  backend.runJob('fusedCrossEntropyGrad', rows, args, grainOf(1.5 * vocabulary));
  return [dlogits];
});
