/**
 * The program of a matrix product C[M, N] = A · B, tile by tile. `M` rows, `N` columns, `K` the axis that is summed over.
 *
 *                       tileB [8 × 64]
 *                     ┌────────────────┐      A workgroup of 16 × 8 threads makes a tile of C, 64 × 64. Along K in steps of 8 it brings
 *                   K │       ┆4┆      │      a strip of A and one of B into workgroup memory (4.3 KiB), both with K down, however they
 *         K           └────────────────┘      lie in their buffers; each thread fetches four numbers of each, of the next strips while
 *     ┌───────┐       ┌────────────────┐      these are multiplied. A thread keeps 8 × 4 sums in registers: for each k it reads
 *   M │       │     8 │       ▓▓       │      3 vec4 and makes 32 multiplications.
 *     │ tileA │       │                │
 *     └───────┘       └────────────────┘      Small: tiles of 32 × 32, 8 × 8 threads of 4 × 4 sums each.
 */
import type { Activation } from '@simvlm/ops';
import { activationText } from './fused/activations';
import type { Program } from './program';
import { integerReads, integerText, integerUniforms, type QuantizedForm } from './quantized';

/** Rows and columns of a workgroup's tile of C. */
export type TileSide = 32 | 64;

/** Steps along K of a strip; as many rows of threads, so that a strip has four numbers for each thread. */
export const DEPTH = 8;

/** What happens to a sum before it is stored. */
export interface Epilogue {
  readonly bias: boolean;
  /** What is stored of it. */
  readonly activation: Activation;
  /** What the activation is applied to is stored beside it. */
  readonly z: boolean;
  /** A matrix like C is added last. */
  readonly residual?: boolean;
}

export interface GemmForm extends Epilogue {
  readonly side: TileSide;
  /** A lies as [K, M]. */
  readonly transposeA: boolean;
  /** B lies as [N, K]. */
  readonly transposeB: boolean;
  /** Which buffers are read or written by four: their rows are multiples of 4. A and B only where they lie along M and N. */
  readonly wide: { readonly a: boolean; readonly b: boolean; readonly c: boolean };
  /** The operand whose sums along K are stored too. */
  readonly sums?: 'a' | 'b' | undefined;
  /** Multiplies in f16; sums stay f32. */
  readonly half: boolean;
  /** B is a matrix of integers, which lies as [N, K]. */
  readonly quantized?: QuantizedForm | undefined;
}

export function tileProgram(form: GemmForm): Program {
  const { side, transposeA, transposeB, wide, bias, z, sums, half, quantized } = form;
  const perThread = side / DEPTH;
  const a = strip('A', form, transposeA, wide.a);
  const b = strip('B', form, !transposeB, wide.b);
  const each = (count: number, text: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => text(i)).join('\n  ');
  const product = (i: number) => `a${i >> 2}.${'xyzw'[i & 3]} * b`;
  return {
    key: `gemm ${JSON.stringify(form)}`,
    reads: {
      ...{ matrixA: typeOf(wide.a), ...(quantized ? integerReads : { matrixB: typeOf(wide.b) }) },
      ...(bias && { bias: typeOf(wide.c) }),
    },
    writes: {
      c: typeOf(wide.c),
      ...(z && { zs: typeOf(wide.c) }),
      ...(sums && { sums: typeOf(false) }),
    },
    // From one product or slab to the next: elements of A, B, C (`aStep` …) and of K (`kStep`), and the K of each (`kSpan`); the first.
    uniforms: [
      ...['M', 'N', 'K', 'first', 'aStep', 'bStep', 'cStep', 'kStep', 'kSpan'],
      ...(quantized ? integerUniforms : []),
    ],
    workgroup: [side / 4, DEPTH, 1],
    enable: half ? ['f16'] : [],
    code: () => `
${quantized ? integerText(quantized.bits) : ''}
${a.declare}
${b.declare}
${sums ? sumsText(side, sums) : ''}
${storeText(form, wide.c)}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let product = u.first + group.z;
  let start = product * u.kStep;
  let end = min(start + u.kSpan, u.K);
  let placeA = group.y * ${side} + 4 * ${a.quad};
  let placeB = group.x * ${side} + 4 * ${b.quad};
  var nextA = fetchA(product * u.aStep, placeA, start + ${a.k}, end);
  var nextB = fetchB(product * u.bStep, placeB, start + ${b.k}, end);
  ${each(perThread, i => `var acc${i} = vec4<f32>();`)}
  ${sums ? 'var sum = vec4<f32>();' : ''}
  for (var k0 = start; k0 < end; k0 += ${DEPTH}) {
    ${a.keep}
    ${b.keep}
    ${sums ? `sum += next${sums.toUpperCase()};` : ''}
    workgroupBarrier();
    nextA = fetchA(product * u.aStep, placeA, k0 + ${DEPTH} + ${a.k}, end);
    nextB = fetchB(product * u.bStep, placeB, k0 + ${DEPTH} + ${b.k}, end);
    for (var k = 0u; k < ${DEPTH}; k++) {
      let b = tileB[k * ${b.pitch} + local.x];
      ${each(perThread / 4, i => `let a${i} = tileA[k * ${a.pitch} + local.y * ${perThread / 4} + ${i}];`)}
      ${each(perThread, i => `acc${i} += ${half ? `vec4<f32>(${product(i)})` : product(i)};`)}
    }
    workgroupBarrier();
  }
  let row = group.y * ${side} + local.y * ${perThread};
  let column = group.x * ${side} + local.x * 4;
  let at = product * u.cStep + row * u.N + column;
  ${each(perThread, i => `if (row + ${i} < u.M) { store(at + ${i} * u.N, column, acc${i}); }`)}
  ${sums ? `storeSums(group, product, place${sums.toUpperCase()}, sum);` : ''}
}`,
  };
}

export function typeOf(wide: boolean): 'f32' | 'vec4<f32>' {
  return wide ? 'vec4<f32>' : 'f32';
}

/** `store(at, column, sums)`: four sums side by side in a row of C, whose buffer holds fours when it is `wide`. */
export function storeText(epilogue: Epilogue, wide: boolean): string {
  return `
${finishText(epilogue, typeOf(wide))}
fn store(at: u32, column: u32, sums: vec4<f32>) {
  ${
    wide
      ? 'if (column < u.N) { finish(at / 4, column / 4, sums); }'
      : 'for (var i = 0u; i < 4 && column + i < u.N; i++) { finish(at + i, column + i, sums[i]); }'
  }
}`;
}

/** `finish(at, column, sum)`: a sum, or four, with what follows it, to its place; both places in units of `V`. */
export function finishText({ bias, activation, z, residual }: Epilogue, V: 'f32' | 'vec4<f32>'): string {
  return `
${activationText(activation, V)}
fn finish(at: u32, column: u32, sum: ${V}) {
  let z = sum${bias ? ' + bias[column]' : ''};
  ${z ? 'zs[at] = z;' : ''}
  c[at] = ${activation === 'none' ? 'z' : 'activation(z)'}${residual ? ' + residual[at]' : ''};
}`;
}

/**
 * The text that brings a strip of an operand into workgroup memory. Neighbouring threads take what lies side by side: the next four
 * where the buffer runs `along` M or N, the next k where it runs along K. Beyond K there are zeros; whatever is read beyond M or N
 * reaches no sum that is stored.
 */
function strip(name: 'A' | 'B', form: GemmForm, along: boolean, wide: boolean) {
  const { side, half } = form;
  const quantized = name === 'B' ? form.quantized : undefined;
  const quads = side / 4;
  // One more, so that quads of one place and successive k lie in different banks.
  const pitch = quads + 1;
  const [quad, k] = along
    ? [`(lane % ${quads})`, `lane / ${quads}`]
    : [`(lane / ${DEPTH})`, `lane % ${DEPTH}`];
  const at = along ? `k * ${name === 'A' ? 'u.M' : 'u.N'} + place` : 'place * u.K + k';
  const numbers = [0, 1, 2, 3].map(i =>
    quantized
      ? `integer(place + ${i}, k) * scales[(place + ${i}) * u.groups + ${quantized.grouped ? 'k / u.group' : '0'}]`
      : `matrix${name}[at + ${along ? i : `${i} * u.K`}]`,
  );
  return {
    ...{ pitch, quad, k },
    declare: `
var<workgroup> tile${name}: array<vec4<${half ? 'f16' : 'f32'}>, ${pitch * DEPTH}>;
fn fetch${name}(base: u32, place: u32, k: u32, end: u32) -> vec4<f32> {
  if (k >= end) { return vec4<f32>(); }
  ${quantized ? '' : `let at = base + ${at};`}
  return ${wide ? `matrix${name}[at / 4]` : `vec4<f32>(${numbers.join(', ')})`};
}`,
    keep: `tile${name}[${k} * ${pitch} + ${quad}] = ${half ? `vec4<f16>(next${name})` : `next${name}`};`,
  };
}

/** The sums of an operand that lies along M or N, by the workgroups of the first tile across; those of the threads of a place meet. */
function sumsText(side: TileSide, of: 'a' | 'b'): string {
  const quads = side / 4;
  const [extent, across] = of === 'a' ? ['u.M', 'x'] : ['u.N', 'y'];
  return `
var<workgroup> tileSums: array<vec4<f32>, ${quads * DEPTH}>;
fn storeSums(group: vec3<u32>, product: u32, place: u32, own: vec4<f32>) {
  tileSums[lane] = own;
  workgroupBarrier();
  if (group.${across} > 0 || lane >= ${quads}) { return; }
  var sum = own;
  for (var i = lane + ${quads}; i < ${quads * DEPTH}; i += ${quads}) { sum += tileSums[i]; }
  for (var i = 0u; i < 4 && place + i < ${extent}; i++) { sums[product * ${extent} + place + i] = sum[i]; }
}`;
}
