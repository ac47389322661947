/**
 * The program of C[M, N] = A · B for the few rows of decoding (`M` up to 8), where all time goes into reading B once:
 *
 *     B as [K, N]      columns ▶ 8 × 4                    B as [N, K]         k ▶ 8, or 8 × 4
 *                  k ┌─────────────────┐                           column ┌─────────────────┐
 *                  ▼ │   4 of a thread │  16 slices of K                ▼ │ 4 ▼ of a thread │  8 × 4 columns
 *                    └─────────────────┘                                  └─────────────────┘
 *
 * A workgroup makes 32 columns; a thread has every 16th (8th) k of four of them, for all rows. What the threads of a place have meets
 * in workgroup memory, a row at a time.
 */
import { type Epilogue, storeText, typeOf } from './gemm-tile';
import type { Program } from './program';

export interface FewForm extends Epilogue {
  /** Rows of A and C. */
  readonly rows: number;
  /** B lies as [N, K]. */
  readonly transposeB: boolean;
  /** Rows of B are multiples of 4, so that it is read by four, and with `transposeB` so is A. */
  readonly wide: boolean;
  /** Rows of C are. */
  readonly wideC: boolean;
}

const PLACES = 8;

/** Columns of a workgroup. */
export const FEW_COLUMNS = 4 * PLACES;

export function fewProgram(form: FewForm): Program {
  const { rows, transposeB, wide, wideC, bias, gelu } = form;
  const each = (text: (m: number) => string) => Array.from({ length: rows }, (_, m) => text(m)).join('\n  ');
  const byFourK = wide && transposeB;
  const slices = transposeB ? 8 : 16;
  return {
    key: `gemm-few ${JSON.stringify(form)}`,
    reads: {
      ...{ matrixA: typeOf(byFourK), matrixB: typeOf(wide) },
      ...(bias && { bias: typeOf(wideC) }),
    },
    writes: { c: typeOf(wideC), ...(gelu && { zs: typeOf(wideC) }) },
    // kCount: numbers of K, or fours.
    uniforms: ['N', 'kCount'],
    workgroup: [PLACES * slices, 1, 1],
    code: () => `
var<workgroup> partial: array<vec4<f32>, ${PLACES * slices}>;
${storeText(form, wideC)}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let slice = ${transposeB ? `lane % ${slices}` : `lane / ${PLACES}`};
  let column = group.x * ${FEW_COLUMNS} + 4 * (${transposeB ? `lane / ${slices}` : `lane % ${PLACES}`});
  ${each(m => `var acc${m} = vec4<f32>();`)}
  for (var k = slice; k < u.kCount; k += ${slices}) {
    ${readB(transposeB, wide)}
    ${each(m => `{ let a = matrixA[${m} * u.kCount + k]; acc${m} += ${byFourK ? 'vec4<f32>(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3))' : 'a * b'}; }`)}
  }
  ${each(
    m => `
  partial[lane] = acc${m};
  workgroupBarrier();
  if (slice == 0) {
    for (var i = 1u; i < ${slices}; i++) { acc${m} += partial[lane + i * ${transposeB ? 1 : PLACES}]; }
    store(${m} * u.N + column, column, acc${m});
  }${m + 1 < rows ? '\n  // Before the next row takes its place.\n  workgroupBarrier();' : ''}`,
  )}
}`,
  };
}

/** `b`, four columns at k, or `b0` … `b3`, four k of each. What is read beyond N reaches no sum that is stored. */
function readB(transposeB: boolean, wide: boolean): string {
  const columns = [0, 1, 2, 3];
  if (!transposeB) {
    const numbers = columns.map(i => `matrixB[k * u.N + column + ${i}]`);
    return `let b = ${wide ? 'matrixB[(k * u.N + column) / 4]' : `vec4<f32>(${numbers.join(', ')})`};`;
  }
  const read = columns.map(i => `let b${i} = matrixB[(column + ${i}) * u.kCount + k];`).join(' ');
  return wide ? read : `${read} let b = vec4<f32>(b0, b1, b2, b3);`;
}
