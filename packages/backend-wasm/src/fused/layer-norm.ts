import { fusedKernel, type LayerNormAttrs } from '@simvlm/ops';
import { defineFused } from './define';
import { grainOf, runsOf, sizeOf } from './grain';
import { sumPartials } from './reduce';

export const layerNorm = defineFused<'x' | 'gamma' | 'beta', LayerNormAttrs>(
  fusedKernel.layerNorm,
  ({ x, gamma, beta }, { epsilon }, backend) => {
    const width = x.shape[x.shape.length - 1]!;
    const rows = sizeOf(x.shape.slice(0, -1));
    const y = backend.output(x.shape);
    const mean = backend.output([rows]);
    const rstd = backend.output([rows]);
    const tensors = [x, gamma, beta, y, mean, rstd].map(tensor => backend.pointer(tensor));
    backend.runJob('fusedLayerNorm', rows, [...tensors, width, { f32: epsilon }], grainOf(width / 2));
    return [y, mean, rstd];
  },
);

export const layerNormGrad = defineFused<'x' | 'gamma' | 'mean' | 'rstd' | 'dy', LayerNormAttrs>(
  fusedKernel.layerNormGrad,
  ({ x, gamma, mean, rstd, dy }, _attrs, backend) => {
    const width = x.shape[x.shape.length - 1]!;
    const rows = sizeOf(x.shape.slice(0, -1));
    const dx = backend.output(x.shape);
    const dgamma = backend.output([width]);
    const dbeta = backend.output([width]);
    const { perRun, runs } = runsOf(rows, width / 2);
    backend.runtime.withScratch(runs * 2 * width * 4, partial => {
      const tensors = [x, gamma, mean, rstd, dy, dx].map(tensor => backend.pointer(tensor));
      backend.runJob('fusedLayerNormGrad', runs, [...tensors, partial, width, rows, perRun]);
      sumPartials(backend, partial, dgamma, runs, width, 2 * width);
      sumPartials(backend, partial + 4 * width, dbeta, runs, width, 2 * width);
    });
    return [dx, dgamma, dbeta];
  },
);
