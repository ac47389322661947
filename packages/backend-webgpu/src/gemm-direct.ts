/**
 * The program of a matrix product C[M, N] = A · B without workgroup memory, for adapters that compute on the processor. What a tile
 * saves on a graphics card, reads of far memory, costs nothing there, as caches hold a strip anyway; what it costs, barriers and copies,
 * is dear: each barrier stops and resumes every thread of a workgroup. On SwiftShader this takes a third to two thirds of the time of
 * `gemm-tile.ts`.
 *
 *                        B: 4 k × 4 columns
 *                            ┌────┐
 *                          k │    │             A thread makes 8 × 4 numbers of C, by steps of four along K: it reads 8 × 4 numbers of A
 *                            └────┘             and 4 × 4 of B by fours, however they lie, and adds four products to each sum at once,
 *     A: 8 rows × 4 k ┌────┐ ┌────┐             since sums are variables, which cost more than values do.
 *                 row │    │ │    │
 *                     │    │ │    │ C           A workgroup has 8 × 8 threads: 64 rows, 32 columns.
 *                     └────┘ └────┘
 *
 * It takes K and N that are multiples of 4, and such an M where A lies along it.
 */
import { type Epilogue, storeText } from './gemm-tile';
import type { Program } from './program';
import { integerReads, integerUniforms, perWord, type QuantizedForm, unpackText } from './quantized';

export interface DirectForm extends Epilogue {
  /** A lies as [K, M]. */
  readonly transposeA: boolean;
  /** B lies as [N, K]. */
  readonly transposeB: boolean;
  /** The operand whose sums along K are stored too: A where it lies as [K, M], B where it lies as [K, N]. */
  readonly sums?: 'a' | 'b' | undefined;
  /** B is a matrix of integers, which lies as [N, K]. */
  readonly quantized?: QuantizedForm | undefined;
}

const SIDE = 8;
const ROWS = 8;

/** Rows and columns of C that a workgroup makes. */
export const DIRECT_ROWS = SIDE * ROWS;
export const DIRECT_COLUMNS = SIDE * 4;

const rows = Array.from({ length: ROWS }, (_, row) => row);
/** Of K, and of fours. */
const steps = [0, 1, 2, 3];
const letter = (i: number) => 'xyzw'[i % 4]!;
const each = (list: readonly number[], text: (i: number) => string) => list.map(text).join('\n    ');

export function directProgram(form: DirectForm): Program {
  const { transposeA, transposeB, bias, z, sums, quantized } = form;
  const a = transposeA ? aAlongRows : aAlongK;
  const isScaled = quantized !== undefined && !quantized.grouped;
  // Integers grow to thousands before they are scaled: four products are added first, which rounds a quarter as often.
  const added = (sum: string) => (quantized ? `(${sum})` : sum);
  const four = 'vec4<f32>' as const;
  return {
    key: `gemm-direct ${JSON.stringify(form)}`,
    reads: { matrixA: four, ...(quantized ? integerReads : { matrixB: four }), ...(bias && { bias: four }) },
    writes: { c: four, ...(z && { zs: four }), ...(sums && { sums: four }) },
    // From one product to the next: elements of A, B and C; the first product.
    uniforms: ['M', 'N', 'K', 'first', 'aStep', 'bStep', 'cStep', ...(quantized ? integerUniforms : [])],
    workgroup: [SIDE, SIDE, 1],
    code: () => `
${quantized ? unpackText(quantized.bits) : ''}
${storeText(form, true)}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let row = (group.y * ${SIDE} + local.y) * ${ROWS};
  let column = (group.x * ${SIDE} + local.x) * 4;
  if (row >= u.M || column >= u.N) { return; }
  let product = u.first + group.z;
  let startA = product * u.aStep;
  let startB = product * u.bStep;
  ${each(rows, i => `var acc${i} = vec4<f32>();`)}
  ${sums ? 'var sum = vec4<f32>(); var sumBelow = vec4<f32>();' : ''}
  for (var k = 0u; k < u.K; k += 4) {
    ${a.read}
    ${quantized ? readIntegers(quantized) : transposeB ? readBAlongK : readBAlongColumns}
    ${each(rows, i => `acc${i} = acc${i} + ${added(steps.map(k => `${a.number(i, k)} * b${k}`).join(' + '))};`)}
    ${sums === 'a' ? 'sum = sum + a0 + a1 + a2 + a3; sumBelow = sumBelow + below0 + below1 + below2 + below3;' : ''}
    ${sums === 'b' ? 'sum = sum + b0 + b1 + b2 + b3;' : ''}
  }
  let at = product * u.cStep + row * u.N + column;
  ${isScaled ? `let scale = vec4<f32>(${scalesAt('0')});` : ''}
  ${each(rows, i => `if (row + ${i} < u.M) { store(at + ${i} * u.N, column, acc${i}${isScaled ? ' * scale' : ''}); }`)}
  ${sums === 'b' ? 'if (row == 0) { sums[column / 4] = sum; }' : ''}
  ${sums === 'a' ? 'if (column == 0) { sums[row / 4] = sum; if (row + 4 < u.M) { sums[row / 4 + 1] = sumBelow; } }' : ''}
}`,
  };
}

/** Four k of each row. What is read beyond M reaches no number that is stored. */
const aAlongK = {
  read: each(rows, i => `let a${i} = matrixA[(startA + (row + ${i}) * u.K + k) / 4];`),
  number: (row: number, k: number) => `a${row}.${letter(k)}`,
};

/** Of each k four rows, and the four below. */
const aAlongRows = {
  read: each(
    steps,
    k =>
      `let at${k} = (startA + (k + ${k}) * u.M + row) / 4; let a${k} = matrixA[at${k}]; let below${k} = matrixA[at${k} + 1];`,
  ),
  number: (row: number, k: number) => `${row < 4 ? 'a' : 'below'}${k}.${letter(row)}`,
};

/** Four columns of each k. */
const readBAlongColumns = each(steps, k => `let b${k} = matrixB[(startB + (k + ${k}) * u.N + column) / 4];`);

/** Four k of each column, `columnI`, turned. */
const turned = each(
  steps,
  k => `let b${k} = vec4<f32>(${steps.map(i => `column${i}.${letter(k)}`).join(', ')});`,
);

const readBAlongK = `${each(steps, i => `let column${i} = matrixB[(startB + (column + ${i}) * u.K + k) / 4];`)}
    ${turned}`;

const scalesAt = (group: string) =>
  steps.map(i => `scales[(column + ${i}) * u.groups + ${group}]`).join(', ');

/** A word of each column, or half a one. Scales of groups come with the numbers, those of rows at the end. */
function readIntegers({ bits, grouped }: QuantizedForm): string {
  const word = (i: number) => {
    const whole = `packed[(column + ${i}) * u.words + k / ${perWord(bits)}]`;
    return bits === 8 ? whole : `(${whole} >> (k % 8 * 4))`;
  };
  return `${grouped ? `let scale = array<f32, 4>(${scalesAt('k / u.group')});` : ''}
    ${each(steps, i => `let column${i} = unpacked(${word(i)})${grouped ? ` * scale[${i}]` : ''};`)}
    ${turned}`;
}
