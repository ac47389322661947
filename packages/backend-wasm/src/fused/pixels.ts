import { fusedKernel, type ScalePixelsAttrs } from '@simvlm/ops';
import { defineFused } from './define';
import { grainOf } from './grain';

/** Items are packed numbers, four bytes of a row each. */
export const scalePixels = defineFused<'packed', ScalePixelsAttrs>(
  fusedKernel.scalePixels,
  ({ packed }, { side, center, high, low }, backend) => {
    const [rows, width] = packed.shape as [number, number];
    const y = backend.output([rows, side, side, 3]);
    const factors = [...center, ...high, ...low].map(f32 => ({ f32 }));
    const args = [backend.pointer(packed), backend.pointer(y), side * side * 3, width, ...factors];
    backend.runJob('fusedScalePixels', rows * width, args, grainOf(8));
    return [y];
  },
);
