import type { PrefixAttentionAttrs } from '@simvlm/ops';
import type { ValueMap, Values } from '../fused/values';

/** Attention as the contract states it, one number at a time in float64; `lse` is log Σ exp of the scores, [B, H, Tq]. */
export function attentionReference(
  inputs: ValueMap,
  { offset, scale, gridHeight, gridWidth }: PrefixAttentionAttrs,
): { y: Float64Array; lse: Float64Array } {
  const { q, k, v, keyLengths, prefixLengths, bias } = inputs as ValueMap & Record<'q' | 'k' | 'v', Values>;
  const [batch, queries, heads, width] = q.shape as [number, number, number, number];
  const keys = k.shape[1]!;
  const tokens = bias ? gridHeight * gridWidth : 0;
  const y = new Float64Array(q.data.length);
  const lse = new Float64Array(batch * heads * queries).fill(Number.NEGATIVE_INFINITY);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const at = (x: Values, row: number) => ((b * x.shape[1]! + row) * heads + h) * width;
        const position = i + offset;
        const seen: { j: number; score: number }[] = [];
        for (let j = 0; j < keys; j++) {
          const visible = j < keyLengths!.data[b]! && (j < prefixLengths!.data[b]! || j <= position);
          if (!visible) continue;
          let score = 0;
          for (let c = 0; c < width; c++) score += q.data[at(q, i) + c]! * k.data[at(k, j) + c]! * scale;
          if (position < tokens && j < tokens) {
            const dy = Math.floor(j / gridWidth) - Math.floor(position / gridWidth) + gridHeight - 1;
            const dx = (j % gridWidth) - (position % gridWidth) + gridWidth - 1;
            score += bias!.data[h * bias!.shape[1]! + dy * (2 * gridWidth - 1) + dx]!;
          }
          seen.push({ j, score });
        }
        if (seen.length === 0) continue;
        const largest = Math.max(...seen.map(({ score }) => score));
        const sum = seen.reduce((total, { score }) => total + Math.exp(score - largest), 0);
        lse[(b * heads + h) * queries + i] = largest + Math.log(sum);
        for (const { j, score } of seen)
          for (let c = 0; c < width; c++)
            y[at(q, i) + c]! += (Math.exp(score - largest) / sum) * v.data[at(v, j) + c]!;
      }
  return { y, lse };
}
