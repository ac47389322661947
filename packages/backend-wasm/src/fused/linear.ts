import { fusedKernel, type LinearAttrs, type LinearGradAttrs } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import { gemm } from '../gemm';
import { CODES } from './activation-codes';
import { defineFused } from './define';
import { grainOf, runsOf, sizeOf } from './grain';
import { columnSums, sumPartials } from './reduce';

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

export const linearGrad = defineFused<'x' | 'w' | 'z?' | 'dy', LinearGradAttrs>(
  fusedKernel.linearGrad,
  ({ x, w, z, dy }, { activation, transposeW, wanted }, backend) => {
    const [rows, inputs, outputs] = extents(x, w, transposeW);
    const ofX = (dz: number) => {
      const dx = backend.output(x.shape);
      gemm(backend.runtime, {
        ...{ m: rows, n: inputs, k: outputs },
        ...{ a: dz, lda: outputs },
        ...{ b: backend.pointer(w), ldb: transposeW ? inputs : outputs, transB: !transposeW },
        ...{ c: backend.pointer(dx), ldc: inputs },
      });
      return dx;
    };
    const ofW = (dz: number) => {
      const dw = backend.output(w.shape);
      const [before, after] = [
        { pointer: backend.pointer(x), width: inputs },
        { pointer: dz, width: outputs },
      ];
      const [left, right] = transposeW ? [after, before] : [before, after];
      gemm(backend.runtime, {
        ...{ m: left.width, n: right.width, k: rows },
        ...{ a: left.pointer, lda: left.width, transA: true },
        ...{ b: right.pointer, ldb: right.width },
        ...{ c: backend.pointer(dw), ldc: right.width },
      });
      return dw;
    };
    const gradients = (dz: number, db: tf.TensorInfo): tf.TensorInfo[] => [
      ...(wanted === 'weights' ? [] : [ofX(dz)]),
      ...(wanted === 'x' ? [] : [ofW(dz), db]),
    ];
    const db = backend.output([outputs]);
    let made: tf.TensorInfo[] = [];
    if (activation === 'none') {
      if (wanted !== 'x') columnSums(backend, backend.pointer(dy), db, rows, outputs);
      made = gradients(backend.pointer(dy), db);
    } else {
      backend.runtime.withScratch(rows * outputs * 4, dz => {
        const given = { code: CODES[activation], z: backend.pointer(z!), dy: backend.pointer(dy), dz };
        throughActivation(backend, given, db, rows, outputs);
        made = gradients(dz, db);
      });
    }
    if (wanted === 'x') backend.disposeData(db.dataId);
    return made;
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
