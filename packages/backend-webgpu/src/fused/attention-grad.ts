/**
 * The gradient of attention, without a `[B, H, Tq, Tk]` tensor (Dao et al., 2022, algorithm 4): weights come again from scores and lse.
 *
 *     P = exp(scores − lse)                  dQ = scale · dS K
 *     dS = P ∘ (dY Vᵀ − rowsum(dY ∘ Y))      dK = scale · dSᵀ Q        dV = Pᵀ dY
 *
 * Nothing is added up across workgroups, so that the sums are the same in every run:
 *
 *              keys                             keys
 *            ┌─┬─┬─┬─┐                        ┌─┬─┬─┬─┐
 *     queries│▶│▶│▶│ │ dQ: a workgroup        │▼│ │ │ │ dK, dV: a workgroup
 *            ├─┼─┼─┼─┤ has 32 queries and     ├─┼─┼─┼─┤ has 32 keys and walks
 *            │ │ │ │ │ walks over keys        │▼│ │ │ │ over queries
 *            └─┴─┴─┴─┘                        └─┴─┴─┴─┘
 *
 * Three launches: what each query brings along (lse, rowsum(dY ∘ Y), limit), dQ, dK and dV. With a bias the second one also writes the
 * table's gradient for each of its tiles, and a fourth adds those up.
 */
import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { type BiasTiles, biasTiles, sumOfBiasTiles, tableOfTile, tablesOf } from './attention-grad-bias';
import {
  type AttentionInputs,
  attentionUniforms,
  elementOf,
  extentsOf,
  findHead,
  limits,
  loads,
  partsOf,
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
import { kernel, type Of, type SimVlmWebGpuBackend, type T, type WebGpuKernel } from './kernel';

type GradInputs = AttentionInputs & Of<'y' | 'lse' | 'dy'>;

const THREADS = 64;
/** Columns of a thread, counted from its first. */
const COLUMNS = `vec4(0, ${SIDE}, ${2 * SIDE}, ${3 * SIDE})`;

/** facts[B, H, Tq] = (lse, rowsum(dY ∘ Y), limit, 0): a thread for each query of a head. */
function factsProgram(d: number): Program {
  const element = elementOf(d);
  return {
    key: `attention gradient, facts: width ${d}`,
    reads: { y: element, dy: element, lse: 'f32', keyLengths: 'i32', prefixLengths: 'i32' },
    writes: { facts: 'vec4<f32>' },
    uniforms: attentionUniforms,
    workgroup: [THREADS, 1, 1],
    code: () => `
${findHead}${loads(['y', 'dy'], d)}${limits}
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let i = groupIndex % u.tiles * ${THREADS} + lane;
  if (groupIndex >= u.groups || i >= u.Tq) { return; }
  let h = groupIndex / u.tiles % u.H;
  let b = groupIndex / u.tiles / u.H;
  let head = headOf(b, h, u.Tq) + i * u.H;
  var sum = 0.0;
  for (var part = 0u; part < ${partsOf(d)}; part++) { sum += dot(load_y(head, part), load_dy(head, part)); }
  let at = (b * u.H + h) * u.Tq + i;
  facts[at] = vec4(lse[at], sum, f32(limitOf(b, i)), 0.0);
}`,
  };
}

function queryProgram(d: number, hasBias: boolean): Program {
  const chunks = chunksOf(d);
  const element = elementOf(d);
  return {
    key: `attention gradient, dq: width ${d}${hasBias ? ', bias' : ''}`,
    reads: {
      ...{ q: element, k: element, v: element, dy: element, facts: 'vec4<f32>' },
      ...(hasBias && { bias: 'f32' }),
    },
    writes: { dq: element, ...(hasBias && { tables: 'f32' }) },
    uniforms: attentionUniforms,
    workgroup: [SIDE, SIDE, 1],
    code: () => `
${findHead}${loads(['q', 'k', 'v', 'dy'], d)}${stores(['dq'], d)}${relativeBias(hasBias)}
${tiles()}${stages('left', ['q', 'dy'], d)}${stages('right', ['k', 'v'], d)}
var<workgroup> seenKeys: u32;

fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  if (groupIndex >= u.groups) { return; }
  let tile = groupIndex % u.tiles;
  let first = tile * ${TILE};
  let h = groupIndex / u.tiles % u.H;
  let b = groupIndex / u.tiles / u.H;
  let factsAt = (b * u.H + h) * u.Tq;
  if (lane == 0) { seenKeys = u32(facts[factsAt + min(first + ${TILE}, u.Tq) - 1].z); }
  let end = workgroupUniformLoad(&seenKeys);
  let queryHead = headOf(b, h, u.Tq);
  let keyHead = headOf(b, h, u.Tk);
  ${perRow(
    r => `
  let i${r} = first + local.y + ${SIDE * r};
  let facts${r} = select(vec4<f32>(), facts[factsAt + min(i${r}, u.Tq - 1)], i${r} < u.Tq);`,
  )}
  ${perChunk(chunks, chunk => perRow(r => `var dq${chunk}_${r} = vec4<f32>();`))}
  ${hasBias ? tableOfTile.clear : ''}

  for (var start = 0u; start < end; start += ${TILE}) {
    ${perRow(r => `var s${r} = vec4<f32>(); var dp${r} = vec4<f32>();`)}
    for (var chunk = 0u; chunk < ${chunks.count}; chunk++) {
      workgroupBarrier();
      stage_left_q(queryHead, first, u.Tq, chunk);
      stage_right_k(keyHead, start, end, chunk);
      workgroupBarrier();
      ${product('s', chunks)}
      workgroupBarrier();
      stage_left_dy(queryHead, first, u.Tq, chunk);
      stage_right_v(keyHead, start, end, chunk);
      workgroupBarrier();
      ${product('dp', chunks)}
    }
    let j = start + local.x + ${COLUMNS};
    ${perRow(
      r => `
    s${r} *= u.scaleF;
    ${hasBias ? `s${r} += biasOf(h, vec4(i${r}), j);` : ''}
    ${keepWeights(r, `select(vec4<f32>(), exp(s${r} - facts${r}.x) * (dp${r} - facts${r}.y), j < vec4(u32(facts${r}.z)))`)}`,
    )}
    ${perChunk(
      chunks,
      chunk => `
    workgroupBarrier();
    stage_right_k(keyHead, start, end, ${chunk});
    workgroupBarrier();
    ${mix(`dq${chunk}_`)}`,
    )}
    ${hasBias ? tableOfTile.add : ''}
  }
  ${storeSums('dq', 'dq', { head: 'queryHead', first: 'first', end: 'u.Tq', times: () => 'u.scaleF' }, d)}
}`,
  };
}

/** Rows of a tile are keys here, and its columns queries. */
function keyProgram(d: number, hasBias: boolean): Program {
  const chunks = chunksOf(d);
  const element = elementOf(d);
  return {
    key: `attention gradient, dk and dv: width ${d}${hasBias ? ', bias' : ''}`,
    reads: {
      ...{ q: element, k: element, v: element, dy: element, facts: 'vec4<f32>' },
      ...(hasBias && { bias: 'f32' }),
    },
    writes: { dk: element, dv: element },
    uniforms: attentionUniforms,
    workgroup: [SIDE, SIDE, 1],
    code: () => `
${findHead}${loads(['q', 'k', 'v', 'dy'], d)}${stores(['dk', 'dv'], d)}${relativeBias(hasBias)}
${tiles()}${stages('left', ['k', 'v'], d)}${stages('right', ['q', 'dy'], d)}
var<workgroup> seenKeys: u32;

fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  if (groupIndex >= u.groups) { return; }
  let first = groupIndex % u.tiles * ${TILE};
  let h = groupIndex / u.tiles % u.H;
  let b = groupIndex / u.tiles / u.H;
  let factsAt = (b * u.H + h) * u.Tq;
  let queryHead = headOf(b, h, u.Tq);
  let keyHead = headOf(b, h, u.Tk);
  ${perRow(r => `let j${r} = first + local.y + ${SIDE * r};`)}
  ${perChunk(chunks, chunk => perRow(r => `var dk${chunk}_${r} = vec4<f32>(); var dv${chunk}_${r} = vec4<f32>();`))}

  for (var start = 0u; start < u.Tq; start += ${TILE}) {
    if (lane == 0) { seenKeys = u32(facts[factsAt + min(start + ${TILE}, u.Tq) - 1].z); }
    let end = workgroupUniformLoad(&seenKeys);
    if (end <= first) { continue; }
    ${perRow(r => `var s${r} = vec4<f32>(); var dp${r} = vec4<f32>();`)}
    for (var chunk = 0u; chunk < ${chunks.count}; chunk++) {
      workgroupBarrier();
      stage_left_k(keyHead, first, end, chunk);
      stage_right_q(queryHead, start, u.Tq, chunk);
      workgroupBarrier();
      ${product('s', chunks)}
      workgroupBarrier();
      stage_left_v(keyHead, first, end, chunk);
      stage_right_dy(queryHead, start, u.Tq, chunk);
      workgroupBarrier();
      ${product('dp', chunks)}
    }
    let i = start + local.x + ${COLUMNS};
    var lses = vec4<f32>();
    var rowsums = vec4<f32>();
    var seen = vec4<u32>();
    for (var c = 0u; c < 4; c++) {
      if (i[c] < u.Tq) {
        let its = facts[factsAt + i[c]];
        lses[c] = its.x;
        rowsums[c] = its.y;
        seen[c] = u32(its.z);
      }
    }
    ${perRow(
      r => `
    s${r} *= u.scaleF;
    ${hasBias ? `s${r} += biasOf(h, i, vec4(j${r}));` : ''}
    s${r} = select(vec4<f32>(), exp(s${r} - lses), vec4(j${r}) < seen);
    dp${r} = select(vec4<f32>(), s${r} * (dp${r} - rowsums), vec4(j${r}) < seen);
    ${keepWeights(r, `s${r}`)}`,
    )}
    ${perChunk(
      chunks,
      chunk => `
    workgroupBarrier();
    stage_right_dy(queryHead, start, u.Tq, ${chunk});
    workgroupBarrier();
    ${mix(`dv${chunk}_`)}`,
    )}
    workgroupBarrier();
    ${perRow(r => keepWeights(r, `dp${r}`))}
    ${perChunk(
      chunks,
      chunk => `
    workgroupBarrier();
    stage_right_q(queryHead, start, u.Tq, ${chunk});
    workgroupBarrier();
    ${mix(`dk${chunk}_`)}`,
    )}
  }
  ${storeSums('dk', 'dk', { head: 'keyHead', first: 'first', end: 'u.Tk', times: () => 'u.scaleF' }, d)}
  ${storeSums('dv', 'dv', { head: 'keyHead', first: 'first', end: 'u.Tk', times: () => '1.0' }, d)}
}`,
  };
}

export const prefixAttentionGrad: WebGpuKernel = kernel<GradInputs, PrefixAttentionAttrs>(
  fusedKernel.prefixAttentionGrad,
  (b, inputs, attrs) => {
    const { q, k, v, dy, bias } = inputs;
    const extents = extentsOf(inputs);
    const { B, Tq, Tk, H, d } = extents;
    const launch = (program: Program, given: T[], outputs: T[], workgroups: number, more: object = {}) =>
      b.launch({
        ...{ program, inputs: given, outputs },
        uniforms: { ...uniformsOf(extents, attrs, workgroups, bias), ...more },
        groups: folded(B * H * workgroups, b.device.limits.maxComputeWorkgroupsPerDimension),
      });
    const facts = factsOf(b, inputs, launch);
    const reads = [q, k, v, dy, facts, ...(bias ? [bias] : [])];
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => b.make(shape, 'float32')) as [T, T, T];
    const queryTiles = Math.ceil(Tq / TILE);
    const image: BiasTiles | undefined = bias && biasTiles(extents, attrs, bias);
    const tables = image && tablesOf(b, image);
    launch(queryProgram(d, bias !== undefined), reads, tables ? [dq, tables] : [dq], queryTiles, {
      imageTiles: image?.tiles ?? 0,
    });
    launch(keyProgram(d, bias !== undefined), reads, [dk, dv], Math.ceil(Tk / TILE));
    b.disposeData(facts.dataId);
    if (!image || !tables) return [dq, dk, dv];
    const dbias = sumOfBiasTiles(b, image, tables);
    b.disposeData(tables.dataId);
    return [dq, dk, dv, dbias];
  },
);

function factsOf(
  b: SimVlmWebGpuBackend,
  { q, y, dy, lse, keyLengths, prefixLengths }: GradInputs,
  launch: (program: Program, given: T[], outputs: T[], workgroups: number) => void,
): T {
  const [B, Tq, H, d] = q.shape as [number, number, number, number];
  const facts = b.make([B, H, Tq, 4], 'float32');
  launch(factsProgram(d), [y, dy, lse, keyLengths, prefixLengths], [facts], Math.ceil(Tq / THREADS));
  return facts;
}
