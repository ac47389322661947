/** Matrices of integers as text: `QuantizedMatrix` of `@simvlm/core` says how they lie. */

/** How a matrix of integers is stored, as far as it shapes the code. */
export interface QuantizedForm {
  readonly bits: 8 | 4;
  /** Several scales for an output, each for `group` inputs, a uniform; else one. */
  readonly grouped: boolean;
}

/** Numbers of a word. */
export const perWord = (bits: 8 | 4): number => 32 / bits;

/**
 * `unpacked(word)`: four numbers, all of a word of 8 bits, or those of the lower half of one of 4 bits. 4 bits hold q + 8; with the highest
 * of them turned they are q as two's complement, so that a shift to the right brings its sign in both cases.
 */
export function unpackText(bits: 8 | 4): string {
  const [word, up, down] =
    bits === 8 ? ['word', '24, 16, 8, 0', 24] : ['word ^ 0x8888u', '28, 24, 20, 16', 28];
  return `
fn unpacked(word: u32) -> vec4<f32> {
  return vec4<f32>((vec4<i32>(i32(${word})) << vec4<u32>(${up})) >> vec4<u32>(${down}));
}`;
}

/** What a program binds of such a matrix, and what else it is told: words and groups of a row, and inputs of a group. */
export const integerReads = { packed: 'u32', scales: 'f32' } as const;
export const integerUniforms = ['words', 'groups', 'group'] as const;

/** `integer(row, i)`: q of a row of `packed`, which has `u.words` words. */
export function integerText(bits: 8 | 4): string {
  const [word, top] = bits === 8 ? ['word', 24] : ['(word ^ 0x88888888u)', 28];
  return `
fn integer(row: u32, i: u32) -> f32 {
  let word = packed[row * u.words + i / ${perWord(bits)}];
  return f32(i32(${word} << (${top}u - ${bits}u * (i % ${perWord(bits)}u))) >> ${top}u);
}`;
}
