/**
 * Attention of few queries, as when a token is decoded with a cache: a workgroup has one query of one head of one row, and its threads
 * share the keys out. The online softmax is that of `attention.ts`, a step of it 128 keys.
 *
 *     keys      0 1 2 3 ………………… 127 │ 128 ……      scores: a thread has a key
 *               ╰─ 128 threads ─────╯│
 *
 *     values    ┌ parts of a head ┐                 output: a thread has a part of every G-th key;
 *     key 0     │ t0  t1  …   t15 │                 the G sums of a part meet at the end
 *     key 1     │ t16 t17 …   t31 │  G = 8 keys
 *     ⋮         │                 │  at once here
 *     key 8     │ t0  t1  …   t15 │
 */
import type { Program } from '../program';
import {
  attentionUniforms,
  type Extents,
  elementOf,
  findHead,
  HIDDEN,
  limits,
  loads,
  partsOf,
  relativeBias,
  stores,
} from './attention-shared';
import { reducing, workgroupMax, workgroupSum } from './reduce';

const THREADS = 128;
/** Up to which number of queries this beats a tile of 32 of which most is empty. */
const MOST = 8;

export function isFew({ Tq, d }: Extents): boolean {
  return Tq <= MOST && partsOf(d) <= THREADS;
}

export function fewQueries(d: number, hasBias: boolean) {
  return reducing(subgroups => program(d, hasBias, subgroups));
}

function program(d: number, hasBias: boolean, subgroups: boolean): Program {
  const element = elementOf(d);
  const parts = partsOf(d);
  const together = Math.floor(THREADS / parts);
  return {
    key: `attention of few queries: width ${d}${hasBias ? ', bias' : ''}`,
    reads: {
      ...{ q: element, k: element, v: element, keyLengths: 'i32', prefixLengths: 'i32' },
      ...(hasBias && { bias: 'f32' }),
    },
    writes: { y: element, lse: 'f32' },
    uniforms: attentionUniforms,
    workgroup: [THREADS, 1, 1],
    code: () => `
${findHead}${loads(['q', 'k', 'v'], d)}${stores(['y'], d)}
${limits}${relativeBias(hasBias)}
${workgroupMax(THREADS, subgroups)}${workgroupSum(THREADS, subgroups)}
var<workgroup> query: array<vec4<f32>, ${parts}>;
var<workgroup> weights: array<f32, ${THREADS}>;
var<workgroup> outputs: array<vec4<f32>, ${THREADS}>;
var<workgroup> seenKeys: u32;

fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  if (groupIndex >= u.groups) { return; }
  let i = groupIndex % u.tiles;
  let h = groupIndex / u.tiles % u.H;
  let b = groupIndex / u.tiles / u.H;
  let queryHead = headOf(b, h, u.Tq) + i * u.H;
  let keyHead = headOf(b, h, u.Tk);
  if (lane < ${parts}) { query[lane] = load_q(queryHead, lane) * u.scaleF; }
  if (lane == 0) { seenKeys = limitOf(b, i); }
  let end = workgroupUniformLoad(&seenKeys);
  let part = lane % ${parts};
  var m = f32(${HIDDEN});
  var l = 0.0;
  var o = vec4<f32>();
  for (var start = 0u; start < end; start += ${THREADS}) {
    let j = start + lane;
    var s = f32(${HIDDEN});
    if (j < end) {
      s = 0.0;
      for (var n = 0u; n < ${parts}; n++) { s += dot(query[n], load_k(keyHead + j * u.H, n)); }
      ${hasBias ? 's += biasOf(h, vec4(i), vec4(j)).x;' : ''}
    }
    let next = max(m, workgroupMax(s));
    let kept = exp(m - next);
    let p = select(0.0, exp(s - next), j < end);
    m = next;
    l = l * kept + p;
    o *= kept;
    weights[lane] = p;
    workgroupBarrier();
    if (lane < ${together * parts}) {
      for (var n = lane / ${parts}; n < min(${THREADS}, end - start); n += ${together}) {
        o += weights[n] * load_v(keyHead + (start + n) * u.H, part);
      }
    }
  }
  outputs[lane] = o;
  let total = workgroupSum(l);
  if (lane < ${parts}) {
    for (var n = 1u; n < ${together}; n++) { o += outputs[n * ${parts} + lane]; }
    store_y(queryHead, lane, o * select(0.0, 1.0 / max(total, 1.0), total > 0.0));
  }
  if (lane == 0) {
    lse[(b * u.H + h) * u.Tq + i] = select(u.minusInfinityF, m + log(max(total, 1.0)), total > 0.0);
  }
}`,
  };
}
