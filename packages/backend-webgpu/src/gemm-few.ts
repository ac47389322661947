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
 *
 * A layer norm of A is computed on the way, by every workgroup anew, so that it takes no launch: of each slice of a row one thread
 * takes the mean and the sum of squares around it, and those of all slices are joined (Chan, Golub and LeVeque, 1983), so that no digits
 * are lost where a row lies far from 0.
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
  /** A's rows are normed first. */
  readonly norm: boolean;
}

const PLACES = 8;

/** Columns of a workgroup. */
export const FEW_COLUMNS = 4 * PLACES;

export function fewProgram(form: FewForm): Program {
  const { rows, transposeB, wide, wideC, bias, residual, norm, z } = form;
  const each = (text: (m: number) => string) => Array.from({ length: rows }, (_, m) => text(m)).join('\n  ');
  const byFourK = wide && transposeB;
  const slices = transposeB ? 8 : 16;
  const numbers = typeOf(byFourK);
  return {
    key: `gemm-few ${JSON.stringify(form)}`,
    reads: {
      ...{ matrixA: numbers, matrixB: typeOf(wide) },
      ...(bias && { bias: typeOf(wideC) }),
      ...(norm && { gamma: numbers, beta: numbers }),
      ...(residual && { residual: typeOf(wideC) }),
    },
    writes: { c: typeOf(wideC), ...(z && { zs: typeOf(wideC) }) },
    // kCount: numbers of K, or fours.
    uniforms: ['N', 'kCount', ...(norm ? ['epsilonF'] : [])],
    workgroup: [PLACES * slices, 1, 1],
    code: () => `
var<workgroup> partial: array<vec4<f32>, ${PLACES * slices}>;
${storeText(form, wideC)}
${norm ? normText(rows, slices, byFourK) : ''}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let slice = ${transposeB ? `lane % ${slices}` : `lane / ${PLACES}`};
  let place = ${transposeB ? `lane / ${slices}` : `lane % ${PLACES}`};
  let column = group.x * ${FEW_COLUMNS} + 4 * place;
  ${each(m => `var acc${m} = vec4<f32>();`)}
  ${norm ? `for (var m = place; m < ${rows}; m += ${PLACES}) { slices[m * ${slices} + slice] = statsOfSlice(m, slice); }` : ''}
  ${norm ? `workgroupBarrier();\n  ${each(m => `let stats${m} = statsOfRow(${m});`)}` : ''}
  for (var k = slice; k < u.kCount; k += ${slices}) {
    ${readB(transposeB, wide)}
    ${norm ? 'let scale = gamma[k]; let shift = beta[k];' : ''}
    ${each(m => `{ let a = ${readA(m, norm)}; acc${m} += ${byFourK ? 'vec4<f32>(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3))' : 'a * b'}; }`)}
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

function readA(row: number, norm: boolean): string {
  const number = `matrixA[${row} * u.kCount + k]`;
  return norm ? `(${number} - stats${row}.x) * stats${row}.y * scale + shift` : number;
}

/** `statsOfSlice`: mean and squares around it of every 16th (8th) number of a row; `statsOfRow`: mean and 1 / deviation, of all slices. */
export function normText(rows: number, slices: number, byFour: boolean): string {
  const total = (text: string) => (byFour ? `dot(${text}, vec4<f32>(1.0))` : text);
  const each = `for (var k = slice; k < u.kCount; k += ${slices})`;
  return `
var<workgroup> slices: array<vec2<f32>, ${rows * slices}>;
fn countOf(slice: u32) -> f32 { return f32((u.kCount + ${slices - 1} - slice) / ${slices}${byFour ? ' * 4' : ''}); }
fn statsOfSlice(row: u32, slice: u32) -> vec2<f32> {
  var sum = 0.0;
  ${each} { sum += ${total('matrixA[row * u.kCount + k]')}; }
  let mean = sum / max(countOf(slice), 1.0);
  var squares = 0.0;
  ${each} {
    let centred = matrixA[row * u.kCount + k] - mean;
    squares += ${byFour ? 'dot(centred, centred)' : 'centred * centred'};
  }
  return vec2<f32>(mean, squares);
}
fn statsOfRow(row: u32) -> vec2<f32> {
  let all = f32(u.kCount${byFour ? ' * 4' : ''});
  var mean = 0.0;
  for (var slice = 0u; slice < ${slices}; slice++) { mean += slices[row * ${slices} + slice].x * countOf(slice) / all; }
  var squares = 0.0;
  for (var slice = 0u; slice < ${slices}; slice++) {
    let own = slices[row * ${slices} + slice];
    squares += own.y + countOf(slice) * (own.x - mean) * (own.x - mean);
  }
  return vec2<f32>(mean, inverseSqrt(squares / all + u.epsilonF));
}`;
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
