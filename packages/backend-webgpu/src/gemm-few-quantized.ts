/**
 * As `gemm-few.ts`, where B is a matrix of integers [N, K]: it is read four words at a time, 16 numbers of 8 bits or 32 of 4, which become
 * numbers in registers. A scale of a whole row is multiplied in at the end, one of a group where its four words end.
 *
 *                  k ▶ 8 × four words
 *          column ┌─────────────────┐
 *               ▼ │ 4 ▼ of a thread │  8 × 4 columns
 *                 └─────────────────┘
 */
import { FEW_COLUMNS, normText } from './gemm-few';
import { type Epilogue, storeText, typeOf } from './gemm-tile';
import type { Program } from './program';
import { perWord, type QuantizedForm, unpackText } from './quantized';

export interface FewQuantizedForm extends Epilogue, QuantizedForm {
  /** Rows of A and C. */
  readonly rows: number;
  /** K fills whole fours of words: A, gamma and beta are read by four, B by four words, and nothing lies beyond K. */
  readonly exact: boolean;
  /** Rows of C are multiples of 4. */
  readonly wideC: boolean;
  /** A's rows are normed first. */
  readonly norm: boolean;
}

const SLICES = 8;
const COLUMNS = [0, 1, 2, 3];

export function fewQuantizedProgram(form: FewQuantizedForm): Program {
  const { rows, bits, grouped, exact, wideC, bias, residual, norm } = form;
  const each = (text: (m: number) => string) =>
    Array.from({ length: rows }, (_, m) => text(m)).join('\n    ');
  const sum = grouped ? 'part' : 'acc';
  const numbers = typeOf(exact);
  /** Which four of the words, and which four numbers of it. */
  const parts = COLUMNS.flatMap(word =>
    bits === 8 ? [{ word, half: 0 }] : [0, 1].map(half => ({ word, half })),
  );
  return {
    key: `gemm-few-quantized ${JSON.stringify(form)}`,
    reads: {
      ...{ matrixA: numbers, packed: exact ? 'vec4<u32>' : 'u32', scales: 'f32' },
      ...(bias && { bias: typeOf(wideC) }),
      ...(norm && { gamma: numbers, beta: numbers }),
      ...(residual && { residual: typeOf(wideC) }),
    },
    writes: { c: typeOf(wideC) },
    // kCount: numbers of K, or fours; quads: fours of words in a row of B.
    uniforms: ['N', 'K', 'kCount', 'words', 'quads', 'group', 'groups', ...(norm ? ['epsilonF'] : [])],
    workgroup: [(FEW_COLUMNS / 4) * SLICES, 1, 1],
    code: () => `
var<workgroup> partial: array<vec4<f32>, ${(FEW_COLUMNS / 4) * SLICES}>;
${unpackText(bits)}
${storeText(form, wideC)}
${norm ? normText(rows, SLICES, exact) : ''}
${readText(exact, norm)}
fn scalesOf(column: u32, group: u32) -> vec4<f32> {
  return vec4<f32>(${COLUMNS.map(i => `scales[(column + ${i}) * u.groups + group]`).join(', ')});
}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let slice = lane % ${SLICES};
  let place = lane / ${SLICES};
  let column = group.x * ${FEW_COLUMNS} + 4 * place;
  ${each(m => `var acc${m} = vec4<f32>();`)}
  ${
    norm
      ? `for (var m = place; m < ${rows}; m += ${FEW_COLUMNS / 4}) { slices[m * ${SLICES} + slice] = statsOfSlice(m, slice); }
  workgroupBarrier();`
      : ''
  }
  ${each(m => `let stats${m} = ${norm ? `statsOfRow(${m})` : 'vec2<f32>()'};`)}
  for (var quad = slice; quad < u.quads; quad += ${SLICES}) {
    ${COLUMNS.map(i => `let words${i} = wordsOf(column + ${i}, quad);`).join(' ')}
    ${grouped ? each(m => `var part${m} = vec4<f32>();`) : ''}
    ${parts
      .map(
        ({ word, half }, p) => `{
      let k = quad * ${parts.length} + ${p};
      ${COLUMNS.map(i => `let b${i} = unpacked(words${i}[${word}]${half ? ' >> 16u' : ''});`).join(' ')}
      ${each(m => `{ let a = numbersOf(${m}, k, stats${m}); ${sum}${m} += vec4<f32>(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3)); }`)}
    }`,
      )
      .join('\n    ')}
    ${grouped ? `let s = scalesOf(column, quad * ${4 * perWord(bits)} / u.group);\n    ${each(m => `acc${m} += s * part${m};`)}` : ''}
  }
  ${each(
    m => `
  partial[lane] = acc${m};
  workgroupBarrier();
  if (slice == 0) {
    for (var i = 1u; i < ${SLICES}; i++) { acc${m} += partial[lane + i]; }
    store(${m} * u.N + column, column, acc${m}${grouped ? '' : ' * scalesOf(column, 0)'});
  }${m + 1 < rows ? '\n  // Before the next row takes its place.\n  workgroupBarrier();' : ''}`,
  )}
}`,
  };
}

/** `numbersOf(row, k, stats)`, the k-th four of a row of A, normed where it is to be; `wordsOf(column, quad)`. Beyond K there are zeros of A. */
function readText(exact: boolean, norm: boolean): string {
  const normed = (a: string, k: string) =>
    norm ? `(${a} - stats.x) * stats.y * gamma[${k}] + beta[${k}]` : a;
  if (exact)
    return `
fn numbersOf(row: u32, k: u32, stats: vec2<f32>) -> vec4<f32> { return ${normed('matrixA[row * u.kCount + k]', 'k')}; }
fn wordsOf(column: u32, quad: u32) -> vec4<u32> { return packed[column * u.quads + quad]; }`;
  return `
fn numbersOf(row: u32, k4: u32, stats: vec2<f32>) -> vec4<f32> {
  var a = vec4<f32>();
  for (var i = 0u; i < 4; i++) {
    let k = 4 * k4 + i;
    if (k < u.K) { a[i] = ${normed('matrixA[row * u.K + k]', 'k')}; }
  }
  return a;
}
fn wordsOf(column: u32, quad: u32) -> vec4<u32> {
  let at = column * u.words + 4 * quad;
  return vec4<u32>(packed[at], packed[at + 1], packed[at + 2], packed[at + 3]);
}`;
}
