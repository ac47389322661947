/**
 * AdamW (Loshchilov and Hutter, 2019) for one parameter:
 *
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   p ← (1 − η λ) p − η · (m / c₁) / (√(v / c₂) + ε)
 *
 * with c = 1 − βᵗ. Both corrections are numbers that join η and ε, so that the last part is one multiplication and one `addcdiv`:
 * p ← (1 − η λ) p − (η √c₂ / c₁) · m / (√v + ε √c₂). The first pass over each tensor writes what is new, the others work on that in place:
 * new tensors cost no pass more than PyTorch's update in place.
 */
import { type AdamWAttrs, fusedKernel } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, type T } from '../kernels/kernel';
import { weightChanged } from '../precision';
import { isRecording } from '../recording';

/** What a step of one parameter reads and writes. */
export interface AdamWHandles {
  readonly p: Handle;
  readonly g: Handle;
  readonly m: Handle;
  readonly v: Handle;
  /** Multiplies the gradient; none for 1. */
  readonly gradScale: Handle | undefined;
}

/** x · factor: new, or in `x` itself. */
function scaled(b: NativeBackend, x: Handle, factor: number, inPlace: boolean): Handle {
  if (!inPlace) return b.op('mul.Scalar', x, factor);
  b.op('mul_.Scalar', x, factor);
  return x;
}

/** The new moments, and √v in a temporary. */
export function moments(
  b: NativeBackend,
  { g, m, v, gradScale }: AdamWHandles,
  { beta1, beta2 }: Pick<AdamWAttrs, 'beta1' | 'beta2'>,
  inPlace: boolean,
): { m: Handle; v: Handle; root: Handle } {
  const gradient = gradScale === undefined ? g : b.op('mul.Tensor', g, gradScale);
  const m2 = scaled(b, m, beta1, inPlace);
  b.op('add_.Tensor', m2, gradient, 1 - beta1);
  const v2 = scaled(b, v, beta2, inPlace);
  b.op('addcmul_', v2, gradient, gradient, 1 - beta2);
  // The scaled gradient is a temporary of the right size.
  const root = gradScale === undefined ? b.op('sqrt', v2) : b.op('sqrt.out', v2, gradient);
  return { m: m2, v: v2, root };
}

/** A step with learning rate and step count as numbers of the host. */
function adamwByNumbers(
  b: NativeBackend,
  handles: AdamWHandles,
  attrs: AdamWAttrs,
  inPlace: boolean,
): { p: Handle; m: Handle; v: Handle } {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs;
  const { m, v, root } = moments(b, handles, attrs, inPlace);
  const correction = Math.sqrt(1 - beta2 ** step);
  b.op('add_.Scalar', root, epsilon * correction);
  const p = scaled(b, handles.p, 1 - learningRate * weightDecay, inPlace);
  b.op('addcdiv_', p, m, root, (-learningRate * correction) / (1 - beta1 ** step));
  return { p, m, v };
}

/**
 * `inPlace`, an attribute beyond the contract: the caller gives parameter and moments up, and their memory becomes that of the results.
 */
export const adamw: NativeKernel = kernel<
  Of<'param' | 'grad' | 'm' | 'v' | 'gradScale'>,
  AdamWAttrs & { readonly inPlace?: boolean }
>(fusedKernel.adamw, (b, inputs, attrs) => {
  const { param, grad, m, v, gradScale } = inputs;
  const inPlace = attrs.inPlace ?? isRecording(b);
  const handles: AdamWHandles = {
    p: b.input(param),
    g: b.input(grad),
    m: b.input(m),
    v: b.input(v),
    gradScale: b.scalar(gradScale) === 1 ? undefined : b.input(gradScale),
  };
  const next = adamwByNumbers(b, handles, attrs, inPlace);
  if (inPlace) {
    for (const tensor of [param, m, v]) b.overwritten(tensor);
    weightChanged(b, param);
    return [param, m, v].map(tensor => b.share(tensor));
  }
  const made = (handle: Handle, like: T): T => b.output(handle, like.shape, 'float32');
  return [made(next.p, param), made(next.m, m), made(next.v, v)];
});
