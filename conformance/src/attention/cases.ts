import { prefixAttention } from '@simvlm/attention';
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import type { Problem } from '../fused/problem';
import { draw, ints } from '../fused/values';
import { attentionReference } from './reference';

/** A use of attention; lengths are given for each row of the batch. */
export interface AttentionCase {
  readonly use: string;
  readonly queries: number;
  readonly keys: number;
  readonly heads?: number;
  readonly width?: number;
  readonly keyLengths: readonly number[];
  readonly prefixLengths: readonly number[];
  readonly offset?: number;
  /** Height and width of the grid of image tokens with a relative bias. */
  readonly grid?: readonly [number, number];
}

const forty = (value: number) => Array<number>(40).fill(value);

export const attentionCases: readonly AttentionCase[] = [
  { use: 'encoder', queries: 9, keys: 9, keyLengths: [9, 4, 0], prefixLengths: [9, 4, 0], grid: [2, 2] },
  { use: 'decoder', queries: 10, keys: 10, keyLengths: [10, 3, 1], prefixLengths: [0, 0, 0] },
  { use: 'cross-attention', queries: 6, keys: 11, keyLengths: [11, 5, 1], prefixLengths: [11, 5, 1] },
  {
    ...{ use: 'decoder-only', queries: 13, keys: 13, grid: [2, 3] },
    ...{ keyLengths: [13, 12, 9], prefixLengths: [7, 6, 9] },
  },
  {
    ...{ use: 'cached decoding', queries: 1, keys: 14, offset: 7 },
    ...{ keyLengths: [8, 8, 3], prefixLengths: [0, 6, 3] },
  },
  {
    ...{ use: 'cached cross-attention', queries: 1, keys: 9, offset: 5 },
    ...{ keyLengths: [9, 2, 0], prefixLengths: [9, 2, 0] },
  },
  {
    ...{ use: 'a chunk into the cache', queries: 5, keys: 16, offset: 3 },
    ...{ keyLengths: [8, 8, 7], prefixLengths: [4, 0, 0] },
  },
  {
    ...{ use: 'an image into the cache', queries: 5, keys: 16, grid: [2, 2] },
    ...{ keyLengths: [5, 5, 4], prefixLengths: [5, 4, 4] },
  },
  { use: 'one token', queries: 1, keys: 1, heads: 1, keyLengths: [1], prefixLengths: [0] },
  { use: 'one image token', queries: 3, keys: 3, keyLengths: [3], prefixLengths: [1], grid: [1, 1] },
  { use: 'one wide head', queries: 4, keys: 4, heads: 1, width: 128, keyLengths: [4], prefixLengths: [2] },
  {
    ...{ use: 'odd widths', queries: 7, keys: 7, heads: 3, width: 10, grid: [1, 5] },
    ...{ keyLengths: [7, 6], prefixLengths: [3, 0] },
  },
  {
    ...{ use: 'width 3', queries: 2, keys: 5, width: 3, offset: 1 },
    ...{ keyLengths: [5, 4], prefixLengths: [5, 1] },
  },
  {
    ...{ use: 'width 1, 17 tokens', queries: 17, keys: 17, heads: 7, width: 1, grid: [3, 1] },
    ...{ keyLengths: [17], prefixLengths: [7] },
  },
  {
    ...{ use: 'tiles of queries', queries: 70, keys: 70, grid: [4, 4] },
    ...{ keyLengths: [70, 61], prefixLengths: [20, 0] },
  },
  { use: 'lengths beyond the keys', queries: 4, keys: 4, keyLengths: [9], prefixLengths: [9] },
  {
    ...{ use: 'many rows', queries: 3, keys: 4, heads: 4, width: 4 },
    ...{ keyLengths: forty(4), prefixLengths: forty(1) },
  },
  { use: 'no rows', queries: 3, keys: 4, keyLengths: [], prefixLengths: [] },
];

/** The case as a problem, its tensors random. */
export function attentionProblem(
  testCase: AttentionCase,
): Problem & { readonly attrs: PrefixAttentionAttrs } {
  const { use, queries, keys, heads = 2, width = 8, keyLengths, prefixLengths, offset = 0, grid } = testCase;
  const batch = keyLengths.length;
  const [gridHeight, gridWidth] = grid ?? [0, 0];
  const attrs = { offset, scale: 1 / Math.sqrt(width), gridHeight, gridWidth };
  const { normal } = draw(`attention, ${use}`);
  return {
    attrs,
    inputs: {
      q: normal([batch, queries, heads, width]),
      k: normal([batch, keys, heads, width]),
      v: normal([batch, keys, heads, width]),
      keyLengths: ints([batch], keyLengths),
      prefixLengths: ints([batch], prefixLengths),
      ...(grid && { bias: normal([heads, (2 * gridHeight - 1) * (2 * gridWidth - 1)]) }),
    },
    run: ({ q, k, v, keyLengths: lengths, prefixLengths: prefixes, bias: table }) =>
      prefixAttention({
        ...{ q: q!, k: k!, v: v!, keyLengths: lengths!, prefixLengths: prefixes!, offset },
        ...(table && { bias: { table, gridHeight, gridWidth } }),
      }),
    reference: inputs => attentionReference(inputs, attrs).y,
    by: ['q', 'k', 'v', ...(grid ? ['bias'] : [])],
    dy: normal([batch, queries, heads, width]),
  };
}
