/**
 * AdamW for all parameters in their own memory: `adamwInPlace` of `@simvlm/ops`. Learning rate and step are tensors: a first launch of one
 * thread makes of them what all others read; then each launch takes as many parameters as the device's limit of buffers allows.
 *
 *     gradScale, learningRate, step ─► rates[4]        8 buffers: rates and p g m v              one parameter a launch
 *                                         ├─► p g m v  10 buffers: rates and twice p g m v       two
 *                                         ╰─► …
 */
import { ADAMW_IN_PLACE, type AdamWInPlaceAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { ADAMW, BETA_UNIFORMS, betaUniforms, THREADS } from './adamw';
import { kernel, type SimVlmWebGpuBackend, sizeOf, type T, type WebGpuKernel } from './kernel';

/** Parameters of a launch, at most. */
const MOST = 4;

/** 1 − βᵗ = −(e^(t ln β) − 1), near t = 1 by its series: the difference itself would lose digits. */
const rates: Program = {
  key: 'adamw-rates',
  reads: { gradScale: 'f32', learningRate: 'f32', step: 'f32' },
  writes: { rates: 'f32' },
  uniforms: ['log1F', 'log2F'],
  workgroup: [1, 1, 1],
  code: () => `
fn correction(logBeta: f32) -> f32 {
  let x = step[0] * logBeta;
  if (x < -0.5) { return 1.0 - exp(x); }
  var series = 1.0;
  for (var n = 10.0; n > 1.0; n -= 1.0) { series = 1.0 + x / n * series; }
  return -x * series;
}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  rates[0] = gradScale[0];
  rates[1] = learningRate[0];
  rates[2] = correction(u.log1F);
  rates[3] = correction(u.log2F);
}`,
};

const programs = new Map<number, Program>();

/** A step of `count` parameters: `sizeN` numbers each, `endN` workgroups up to and with parameter N. */
function update(count: number): Program {
  const known = programs.get(count);
  if (known) return known;
  const slots = Array.from({ length: count }, (_, i) => i);
  const named = (letters: string) =>
    Object.fromEntries(slots.flatMap(i => [...letters].map(letter => [`${letter}${i}`, 'f32' as const])));
  const made: Program = {
    key: `adamw-in-place-${count}`,
    reads: { rates: 'f32', ...named('g') },
    writes: named('pmv'),
    uniforms: [...slots.flatMap(i => [`size${i}`, `end${i}`, `decay${i}F`]), ...BETA_UNIFORMS],
    workgroup: [THREADS, 1, 1],
    code: () => `
${ADAMW}
${slots
  .map(
    s => `
fn update${s}(i: u32) {
  if (i >= u.size${s}) { return; }
  let next = adamw(p${s}[i], g${s}[i] * rates[0], m${s}[i], v${s}[i], Rates(rates[1], rates[2], rates[3], u.decay${s}F));
  p${s}[i] = next.x;
  m${s}[i] = next.y;
  v${s}[i] = next.z;
}`,
  )
  .join('')}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  ${slots
    .map(s => {
      const before = s === 0 ? 'index' : `(index - u.end${s - 1})`;
      return `if (index < u.end${s}) { update${s}(${before} * ${THREADS} + lane); }`;
    })
    .join('\n  else ')}
}`,
  };
  programs.set(count, made);
  return made;
}

interface Parameter {
  readonly p: T;
  readonly g: T;
  readonly m: T;
  readonly v: T;
  readonly weightDecay: number;
}

export const adamwInPlace: WebGpuKernel = kernel<readonly T[], AdamWInPlaceAttrs>(
  ADAMW_IN_PLACE,
  (b, inputs, attrs) => {
    const tensors = Object.values(inputs);
    const n = attrs.weightDecays.length;
    const derived = b.make([4], 'float32');
    b.launch({
      ...{ program: rates, inputs: tensors.slice(4 * n), outputs: [derived] },
      uniforms: { log1F: Math.log(attrs.beta1), log2F: Math.log(attrs.beta2) },
      groups: [1, 1, 1],
    });
    const parameters = attrs.weightDecays
      .map((weightDecay, i): Parameter => {
        const [p, g, m, v] = [0, 1, 2, 3].map(k => tensors[k * n + i]!) as [T, T, T, T];
        return { p, g, m, v, weightDecay };
      })
      .filter(({ p }) => sizeOf(p.shape) > 0);
    const { maxStorageBuffersPerShaderStage: buffers } = b.device.limits;
    const most = Math.min(MOST, Math.floor((buffers - 1) / 4));
    for (let i = 0; i < parameters.length; i += most)
      launchUpdate(b, parameters.slice(i, i + most), derived, attrs);
    b.disposeData(derived.dataId);
    return [];
  },
);

function launchUpdate(
  b: SimVlmWebGpuBackend,
  parameters: readonly Parameter[],
  derived: T,
  attrs: AdamWInPlaceAttrs,
): void {
  const uniforms: Record<string, number> = betaUniforms(attrs);
  let groups = 0;
  for (const [i, { p, weightDecay }] of parameters.entries()) {
    const size = sizeOf(p.shape);
    groups += Math.ceil(size / THREADS);
    uniforms[`size${i}`] = size;
    uniforms[`end${i}`] = groups;
    uniforms[`decay${i}F`] = weightDecay;
  }
  b.launch({
    program: update(parameters.length),
    inputs: [derived, ...parameters.map(({ g }) => g)],
    outputs: parameters.flatMap(({ p, m, v }) => [p, m, v]),
    uniforms,
    groups: folded(groups, b.device.limits.maxComputeWorkgroupsPerDimension),
  });
}
