/**
 * Attention under the one mask rule, without a `[B, H, Tq, Tk]` tensor: FlashAttention (Dao et al., 2022) with the online softmax of
 * Milakov and Gimelshein (2018). `B` rows, `Tq` queries, `Tk` keys, `H` heads, `d` head width.
 *
 *               keys 0        32        64        96          a workgroup has 32 queries of one head of one row, and
 *             ┌─────────┬─────────┬─────────┬─────────┐       walks over tiles of 32 keys until no query of it sees
 *     32      │■ ■ ■ ■ ■│■ ■ ■ ■ ■│■ · · · ·│         │       any more
 *     queries │■ ■ ■ ■ ■│■ ■ ■ ■ ■│■ ■ ■ · ·│ skipped │
 *             │■ ■ ■ ■ ■│■ ■ ■ ■ ■│■ ■ ■ ■ ■│         │       for each tile, with m = maximum, l = Σ, o = output:
 *             └─────────┴─────────┴─────────┴─────────┘         m′ = max(m, scores)     p = exp(scores − m′)
 *                ──▶       ──▶       ──▶                        l ← l·exp(m − m′) + Σp
 *                                                               o ← o·exp(m − m′) + p·v
 *     y = o / l,  lse = m + log l
 *
 * Few queries, as in decoding, have kernels of another shape: `attention-few.ts`.
 */
import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { fewQueries, isFew } from './attention-few';
import {
  type AttentionInputs,
  attentionUniforms,
  elementOf,
  extentsOf,
  findHead,
  HIDDEN,
  limits,
  loads,
  relativeBias,
  stores,
  uniformsOf,
} from './attention-shared';
import {
  chunksOf,
  keepWeights,
  mix,
  perChunk,
  perRow,
  product,
  SIDE,
  stages,
  storeSums,
  TILE,
  tiles,
} from './attention-tiles';
import { kernel, type WebGpuKernel } from './kernel';

/**
 * An attribute beyond the contract: where the device has `shader-f16`, tiles are of half precision, and so are products of queries and
 * keys over 4 numbers at a time; all that adds up more, and the softmax, stays in single precision. For inference: gradients take none.
 */
interface AttentionPrecision {
  readonly half?: boolean;
}

function manyQueries(d: number, hasBias: boolean, isHalf: boolean): Program {
  const chunks = chunksOf(d);
  const element = elementOf(d);
  return {
    key: `attention: width ${d}${hasBias ? ', bias' : ''}${isHalf ? ', half' : ''}`,
    reads: {
      ...{ q: element, k: element, v: element, keyLengths: 'i32', prefixLengths: 'i32' },
      ...(hasBias && { bias: 'f32' }),
    },
    writes: { y: element, lse: 'f32' },
    uniforms: attentionUniforms,
    workgroup: [SIDE, SIDE, 1],
    ...(isHalf && { enable: ['f16'] }),
    code: () => `
${findHead}${loads(['q', 'k', 'v'], d)}${stores(['y'], d)}
${limits}${relativeBias(hasBias)}
${tiles(isHalf)}${stages('left', ['q'], d, ' * u.scaleF')}${stages('right', ['k', 'v'], d)}
var<workgroup> across: array<f32, ${TILE * SIDE}>;
var<workgroup> seenKeys: u32;

fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  if (groupIndex >= u.groups) { return; }
  let first = groupIndex % u.tiles * ${TILE};
  let h = groupIndex / u.tiles % u.H;
  let b = groupIndex / u.tiles / u.H;
  if (lane == 0) { seenKeys = limitOf(b, min(first + ${TILE}, u.Tq) - 1); }
  let end = workgroupUniformLoad(&seenKeys);
  let queryHead = headOf(b, h, u.Tq);
  let keyHead = headOf(b, h, u.Tk);
  ${perRow(
    r => `
  let i${r} = first + local.y + ${SIDE * r};
  let limit${r} = limitOf(b, i${r});
  var m${r} = f32(${HIDDEN});
  var l${r} = 0.0;`,
  )}
  ${perChunk(chunks, chunk => perRow(r => `var o${chunk}_${r} = vec4<f32>();`))}

  for (var start = 0u; start < end; start += ${TILE}) {
    ${perRow(r => `var s${r} = vec4<f32>();`)}
    for (var chunk = 0u; chunk < ${chunks.count}; chunk++) {
      workgroupBarrier();
      stage_left_q(queryHead, first, u.Tq, chunk);
      stage_right_k(keyHead, start, end, chunk);
      workgroupBarrier();
      ${product('s', chunks)}
    }
    let j = start + local.x + vec4(0, ${SIDE}, ${2 * SIDE}, ${3 * SIDE});
    ${perRow(
      r => `
    ${hasBias ? `s${r} += biasOf(h, vec4(i${r}), j);` : ''}
    s${r} = select(vec4<f32>(${HIDDEN}), s${r}, j < vec4(limit${r}));
    across[(local.y + ${SIDE * r}) * ${SIDE} + local.x] = max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w));`,
    )}
    workgroupBarrier();
    ${perRow(
      r => `
    {
      var next = m${r};
      for (var n = 0u; n < ${SIDE}; n++) { next = max(next, across[(local.y + ${SIDE * r}) * ${SIDE} + n]); }
      let kept = exp(m${r} - next);
      let p = select(vec4<f32>(), exp(s${r} - next), j < vec4(limit${r}));
      m${r} = next;
      l${r} = l${r} * kept + p.x + p.y + p.z + p.w;
      ${keepWeights(r, 'p')}
      ${perChunk(chunks, chunk => `o${chunk}_${r} *= kept;`)}
    }`,
    )}
    ${perChunk(
      chunks,
      chunk => `
    workgroupBarrier();
    stage_right_v(keyHead, start, end, ${chunk});
    workgroupBarrier();
    ${mix(`o${chunk}_`)}`,
    )}
  }

  workgroupBarrier();
  ${perRow(r => `across[(local.y + ${SIDE * r}) * ${SIDE} + local.x] = l${r};`)}
  workgroupBarrier();
  ${perRow(
    r => `
  l${r} = 0.0;
  for (var n = 0u; n < ${SIDE}; n++) { l${r} += across[(local.y + ${SIDE * r}) * ${SIDE} + n]; }
  let inverse${r} = select(0.0, 1.0 / max(l${r}, 1.0), l${r} > 0.0);
  if (i${r} < u.Tq && local.x == 0) {
    lse[(b * u.H + h) * u.Tq + i${r}] = select(u.minusInfinityF, m${r} + log(max(l${r}, 1.0)), l${r} > 0.0);
  }`,
  )}
  ${storeSums('y', 'o', { head: 'queryHead', first: 'first', end: 'u.Tq', times: r => `inverse${r}` }, d)}
}`,
  };
}

export const prefixAttention: WebGpuKernel = kernel<
  AttentionInputs,
  PrefixAttentionAttrs & AttentionPrecision
>(fusedKernel.prefixAttention, (b, inputs, attrs) => {
  const { q, k, v, keyLengths, prefixLengths, bias } = inputs;
  const extents = extentsOf(inputs);
  const { B, Tq, H, d } = extents;
  const outputs = [b.make(q.shape, 'float32'), b.make([B, H, Tq], 'float32')];
  const few = isFew(extents);
  const half = attrs.half === true && b.device.features.has('shader-f16');
  const workgroups = few ? Tq : Math.ceil(Tq / TILE);
  b.launch({
    program: few ? fewQueries(d, bias !== undefined)(b) : manyQueries(d, bias !== undefined, half),
    inputs: [q, k, v, keyLengths, prefixLengths, ...(bias ? [bias] : [])],
    outputs,
    uniforms: uniformsOf(extents, attrs, workgroups, bias),
    groups: folded(B * H * workgroups, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return outputs;
});
