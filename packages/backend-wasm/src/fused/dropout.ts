import { type DropoutAttrs, dropoutScale, fusedKernel } from '@simvlm/ops';
import { defineFused } from './define';
import { grainOf, sizeOf } from './grain';

/** Numbers of one Philox counter. */
const DRAWS = 8;

/** Items are counters, eight numbers of a row each. */
export const dropout = defineFused<'x' | 'seeds', DropoutAttrs>(
  fusedKernel.dropout,
  ({ x, seeds }, { threshold, site }, backend) => {
    const y = backend.output(x.shape);
    const rows = x.shape[0]!;
    const perRow = sizeOf(x.shape) / rows;
    const counters = Math.ceil(perRow / DRAWS);
    const tensors = [x, seeds, y].map(tensor => backend.pointer(tensor));
    const args = [...tensors, perRow, counters, site | 0, threshold, { f32: dropoutScale(threshold) }];
    backend.runJob('fusedDropout', rows * counters, args, grainOf(30));
    return [y];
  },
);
