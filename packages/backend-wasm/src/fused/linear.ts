import { type Activation, fusedKernel, type LinearAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from '../backend';
import { gemm } from '../gemm';
import { defineFused } from './define';
import { grainOf, runsOf, sizeOf } from './grain';
import { columnSums, sumPartials } from './reduce';

/** As the kernels number them (assembly/lib/activations.ts). */
const CODES = { gelu: 0, 'gelu-erf': 1, 'quick-gelu': 2 } as const satisfies Record<
  Exclude<Activation, 'none'>,
  number
>;

/** R, I and O of x[…, I] · w. */
function extents(x: tf.TensorInfo, w: tf.TensorInfo, transposeW: boolean): [number, number, number] {
  const inputs = x.shape[x.shape.length - 1]!;
  return [sizeOf(x.shape.slice(0, -1)), inputs, w.shape[transposeW ? 0 : 1]!];
}

export const linear = defineFused<'x' | 'w' | 'b?', LinearAttrs>(
  fusedKernel.linear,
  ({ x, w, b }, { activation, transposeW }, backend) => {
    const [rows, inputs, outputs] = extents(x, w, transposeW);
    const shape = [...x.shape.slice(0, -1), outputs];
    const z = backend.output(shape);
    gemm(backend.runtime, {
      ...{ m: rows, n: outputs, k: inputs },
      ...{ a: backend.pointer(x), lda: inputs },
      ...{ b: backend.pointer(w), ldb: transposeW ? inputs : outputs, transB: transposeW },
      ...{ c: backend.pointer(z), ldc: outputs },
      ...(b && { bias: backend.pointer(b) }),
    });
    if (activation === 'none') return [z];
    const y = backend.output(shape);
    const given = [CODES[activation], backend.pointer(z), backend.pointer(y)];
    backend.runJob('fusedActivation', rows * outputs, given, grainOf(2));
    return [y, z];
  },
);

export const linearGrad = defineFused<'x' | 'w' | 'z?' | 'dy', LinearAttrs>(
  fusedKernel.linearGrad,
  ({ x, w, z, dy }, { activation, transposeW }, backend) => {
    const [rows, inputs, outputs] = extents(x, w, transposeW);
    const dx = backend.output(x.shape);
    const dw = backend.output(w.shape);
    const db = backend.output([outputs]);
    const products = (dz: number) => {
      gemm(backend.runtime, {
        ...{ m: rows, n: inputs, k: outputs },
        ...{ a: dz, lda: outputs },
        ...{ b: backend.pointer(w), ldb: transposeW ? inputs : outputs, transB: !transposeW },
        ...{ c: backend.pointer(dx), ldc: inputs },
      });
      const ofX = { pointer: backend.pointer(x), width: inputs };
      const ofZ = { pointer: dz, width: outputs };
      const [left, right] = transposeW ? [ofZ, ofX] : [ofX, ofZ];
      gemm(backend.runtime, {
        ...{ m: left.width, n: right.width, k: rows },
        ...{ a: left.pointer, lda: left.width, transA: true },
        ...{ b: right.pointer, ldb: right.width },
        ...{ c: backend.pointer(dw), ldc: right.width },
      });
    };
    if (activation === 'none') {
      columnSums(backend, backend.pointer(dy), db, rows, outputs);
      products(backend.pointer(dy));
      return [dx, dw, db];
    }
    backend.runtime.withScratch(rows * outputs * 4, dz => {
      const given = { code: CODES[activation], z: backend.pointer(z!), dy: backend.pointer(dy), dz };
      throughActivation(backend, given, db, rows, outputs);
      products(dz);
    });
    return [dx, dw, db];
  },
);

/** dz = dy · activation′(z) at `dz`, and its column sums. */
function throughActivation(
  backend: WasmBackend,
  { code, z, dy, dz }: Record<'code' | 'z' | 'dy' | 'dz', number>,
  db: tf.TensorInfo,
  rows: number,
  width: number,
): void {
  const { perRun, runs } = runsOf(rows, 2 * width);
  backend.runtime.withScratch(runs * width * 4, partial => {
    backend.runJob('fusedActivationGrad', runs, [code, z, dy, dz, partial, rows, width, perRun]);
    sumPartials(backend, partial, db, runs, width);
  });
}
