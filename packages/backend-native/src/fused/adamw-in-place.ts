/** AdamW for all parameters at once, in place, for steps that are recorded once and replayed: `adamwInPlace` of `@simvlm/ops`. */
import { ADAMW_IN_PLACE, type AdamWInPlaceAttrs } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type T } from '../kernels/kernel';
import { weightChanged } from '../precision';
import { type AdamWHandles, moments } from './adamw';

interface Scalars {
  readonly gradScale: T;
  readonly learningRate: T;
  readonly step: T;
}

interface Parameter extends AdamWHandles {
  readonly weightDecay: number;
}

export const adamwInPlace: NativeKernel = kernel<readonly T[], AdamWInPlaceAttrs>(
  ADAMW_IN_PLACE,
  (b, inputs, attrs) => {
    const tensors = Object.values(inputs);
    const n = attrs.weightDecays.length;
    const [gradScale, learningRate, step] = tensors.slice(4 * n) as [T, T, T];
    const scalars: Scalars = { gradScale, learningRate, step };
    if (b.device < 0) byOwnOperator(b, tensors, scalars, attrs);
    else onCuda(b, tensors, scalars, attrs);
    const [params, m, v] = [0, 2, 3].map(i => tensors.slice(i * n, (i + 1) * n));
    for (const tensor of [...params!, ...m!, ...v!]) b.overwritten(tensor);
    for (const parameter of params!) weightChanged(b, parameter);
    return [];
  },
);

/** One pass over memory: `addon/fused_adamw.cc`. */
function byOwnOperator(
  b: NativeBackend,
  tensors: readonly T[],
  { gradScale, learningRate, step }: Scalars,
  { beta1, beta2, epsilon, weightDecays }: AdamWInPlaceAttrs,
): void {
  const n = weightDecays.length;
  const list = (i: number): Handle[] => tensors.slice(i * n, (i + 1) * n).map(tensor => b.input(tensor));
  b.aten.callAll(
    'simvlm::adamw_',
    ...[list(0), list(1), list(2), list(3), weightDecays],
    ...[b.input(learningRate), b.input(step), b.input(gradScale), beta1, beta2, epsilon],
  );
}

function onCuda(b: NativeBackend, tensors: readonly T[], scalars: Scalars, attrs: AdamWInPlaceAttrs): void {
  const n = attrs.weightDecays.length;
  const scale = b.scalar(scalars.gradScale) === 1 ? undefined : b.input(scalars.gradScale);
  const parameters = attrs.weightDecays.map((weightDecay, i) => ({
    p: b.input(tensors[i]!),
    g: ownGradient(b, tensors[n + i]!),
    m: b.input(tensors[2 * n + i]!),
    v: b.input(tensors[3 * n + i]!),
    gradScale: scale,
    weightDecay,
  }));
  if (b.aten.has('_fused_adamw_.tensor_lr')) byFusedOperator(b, parameters, scalars, attrs);
  else byTensors(b, parameters, scalars, attrs);
}

/** libtorch's operator scales gradients in place: one that two parameters have would be scaled twice. */
function ownGradient(b: NativeBackend, gradient: T): Handle {
  return b.isShared(gradient) ? b.op('clone', b.input(gradient), 0) : b.input(gradient);
}

/** libtorch 2: one kernel for many parameters. It divides by its scale, and knows one decay at a time. */
function byFusedOperator(
  b: NativeBackend,
  parameters: readonly Parameter[],
  { gradScale, learningRate, step }: Scalars,
  { beta1, beta2, epsilon }: AdamWInPlaceAttrs,
): void {
  const divisor = b.op('reciprocal', b.input(gradScale));
  const [rate, count] = [b.input(learningRate), b.input(step)];
  for (const weightDecay of new Set(parameters.map(parameter => parameter.weightDecay))) {
    const group = parameters.filter(parameter => parameter.weightDecay === weightDecay);
    b.aten.call(
      '_fused_adamw_.tensor_lr',
      group.map(({ p }) => p),
      // The operator walks over memory, whatever the strides.
      group.map(({ g }) => b.op('contiguous', g)),
      group.map(({ m }) => m),
      group.map(({ v }) => v),
      [],
      group.map(() => count),
      rate,
      beta1,
      beta2,
      weightDecay,
      epsilon,
      false,
      false,
      divisor,
      null,
    );
  }
}

/** The formula of `adamw` with numbers that only the device knows. */
function byTensors(
  b: NativeBackend,
  parameters: readonly Parameter[],
  { learningRate, step }: Scalars,
  attrs: AdamWInPlaceAttrs,
): void {
  const [rate, count] = [b.input(learningRate), b.input(step)];
  // 1 − βᵗ = −(e^(t ln β) − 1): in float32 the difference itself would lose digits near step 1.
  const correction = (beta: number): Handle =>
    b.op('neg', b.op('expm1', b.op('mul.Scalar', count, Math.log(beta))));
  const root = b.op('sqrt', correction(attrs.beta2));
  const size = b.op('neg', b.op('div.Tensor', b.op('mul.Tensor', rate, root), correction(attrs.beta1)));
  const epsilon = b.op('mul.Scalar', root, attrs.epsilon);
  for (const parameter of parameters) {
    const { m, root: deviation } = moments(b, parameter, attrs, true);
    b.op('add_.Tensor', deviation, epsilon);
    b.op('div.out', m, deviation, deviation);
    if (parameter.weightDecay !== 0) {
      const shrink = b.op('mul.Scalar', rate, -parameter.weightDecay);
      b.op('mul_.Tensor', parameter.p, b.op('add.Scalar', shrink, 1));
    }
    b.op('addcmul_', parameter.p, deviation, size);
    b.free(deviation);
  }
}
