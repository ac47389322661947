/**
 * AdamW (Loshchilov and Hutter, 2019) for one parameter, a thread a number:
 *
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← p − η · ((m / c₁) / (√(v / c₂) + ε) + λ p),   c = 1 − βᵗ
 */
import { type AdamWAttrs, fusedKernel } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';

export const THREADS = 256;

/** Uniforms of the betas; 1 − β comes from float64, as near 1 the difference in float32 would lose digits. */
export function betaUniforms({ beta1, beta2, epsilon }: Pick<AdamWAttrs, 'beta1' | 'beta2' | 'epsilon'>) {
  return { beta1F: beta1, rest1F: 1 - beta1, beta2F: beta2, rest2F: 1 - beta2, epsilonF: epsilon };
}

export const BETA_UNIFORMS = ['beta1F', 'rest1F', 'beta2F', 'rest2F', 'epsilonF'] as const;

/** WGSL: `adamw(p, g, m, v, rates)` gives p, m and v anew. */
export const ADAMW = `
struct Rates { learningRate: f32, correction1: f32, correction2: f32, decay: f32 }
fn adamw(p: f32, g: f32, m: f32, v: f32, rates: Rates) -> vec3<f32> {
  let m2 = u.beta1F * m + u.rest1F * g;
  let v2 = u.beta2F * v + u.rest2F * g * g;
  let update = m2 / rates.correction1 / (sqrt(v2 / rates.correction2) + u.epsilonF);
  return vec3<f32>(p - rates.learningRate * (update + rates.decay * p), m2, v2);
}`;

const program: Program = {
  key: 'adamw',
  reads: { p: 'f32', g: 'f32', m: 'f32', v: 'f32', gradScale: 'f32' },
  writes: { p2: 'f32', m2: 'f32', v2: 'f32' },
  uniforms: ['size', 'learningRateF', 'correction1F', 'correction2F', 'decayF', ...BETA_UNIFORMS],
  workgroup: [THREADS, 1, 1],
  code: () => `
${ADAMW}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let i = index * ${THREADS} + lane;
  if (i >= u.size) { return; }
  let rates = Rates(u.learningRateF, u.correction1F, u.correction2F, u.decayF);
  let next = adamw(p[i], g[i] * gradScale[0], m[i], v[i], rates);
  p2[i] = next.x;
  m2[i] = next.y;
  v2[i] = next.z;
}`,
};

export const adamw: WebGpuKernel = kernel<Of<'param' | 'grad' | 'm' | 'v' | 'gradScale'>, AdamWAttrs>(
  fusedKernel.adamw,
  (b, { param, grad, m, v, gradScale }, attrs) => {
    const { learningRate, beta1, beta2, weightDecay, step } = attrs;
    const size = sizeOf(param.shape);
    const outputs = [param, m, v].map(({ shape }) => b.make(shape, 'float32'));
    b.launch({
      ...{ program, inputs: [param, grad, m, v, gradScale], outputs },
      uniforms: {
        ...{ size, learningRateF: learningRate, decayF: weightDecay },
        ...{ correction1F: 1 - beta1 ** step, correction2F: 1 - beta2 ** step },
        ...betaUniforms(attrs),
      },
      groups: folded(Math.ceil(size / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return outputs;
  },
);
