import * as tf from '@tensorflow/tfjs-core';
import { type Argument, type Handle, scalarType } from '../addon/interface';
import { type NumericType, scalarTypeOf } from '../tensor-data';
import {
  cast,
  filled,
  floatToInt,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  type T,
} from './kernel';

/** y = operator(x), of x's type; operators of floats take integers through float32. */
function elementwise(kernelName: string, operator: string, ...args: Argument[]): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) => unary(b, x, handle => b.op(operator, handle, ...args)));
}

function unary(b: NativeBackend, x: T, run: (x: Handle) => Handle): T {
  if (x.dtype === 'float32' || x.dtype === 'complex64') return b.output(run(b.input(x)), x.shape, x.dtype);
  const y = floatToInt(b, run(cast(b, b.input(x), 'float32')));
  return b.output(x.dtype === 'bool' ? cast(b, y, 'bool') : y, x.shape, x.dtype);
}

/** Through float64: ATen's vectorised loops of float32 overflow before the result does. */
function inDouble(kernelName: string, operator: string): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) =>
    unary(b, x, handle => cast(b, b.op(operator, b.op('to.dtype', handle, scalarType.float64)), 'float32')),
  );
}

/** Operators that integers have as well. */
function exact(kernelName: string, operator: string): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) => {
    if (x.dtype !== 'bool') return b.output(b.op(operator, b.input(x)), x.shape, x.dtype);
    return b.output(cast(b, b.op(operator, cast(b, b.input(x), 'int32')), 'bool'), x.shape, 'bool');
  });
}

/** Rounding, which leaves integers as they are. */
function rounding(kernelName: string, operator: string): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) =>
    x.dtype === 'float32' ? b.output(b.op(operator, b.input(x)), x.shape, 'float32') : b.share(x),
  );
}

function predicate(kernelName: string, operator: string): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) => b.output(b.op(operator, b.input(x)), x.shape, 'bool'));
}

/** −1, 0 or 1; 0 for NaN, which ATen's vectorised loop takes for 1. */
const sign = kernel<Of<'x'>>('Sign', (b, { x }) => {
  if (x.dtype !== 'float32') return b.output(b.op('sign', b.input(x)), x.shape, x.dtype);
  const y = b.op('nan_to_num', b.input(x));
  b.op('sign_', y);
  return b.output(y, x.shape, 'float32');
});

/** 1 where x is positive, else alpha; NaN stays. */
const step = kernel<Of<'x'>, tf.StepAttrs>('Step', (b, { x }, { alpha }) =>
  unary(b, x, handle => {
    const y = b.op('clamp', handle, 0, 1);
    b.op('ceil_', y);
    if (alpha !== 0 && alpha !== undefined) b.op('masked_fill_.Scalar', y, b.op('eq.Scalar', y, 0), alpha);
    return y;
  }),
);

const eluGrad = kernel<Of<'dy' | 'y'>>('EluGrad', (b, { dy, y }) =>
  b.output(b.op('elu_backward', b.input(dy), 1, 1, 1, true, b.input(y)), y.shape, 'float32'),
);

const leakyRelu = kernel<Of<'x'>, tf.LeakyReluAttrs>('LeakyRelu', (b, { x }, { alpha }) => {
  const input = x.dtype === 'float32' ? b.input(x) : cast(b, b.input(x), 'float32');
  return b.output(b.op('leaky_relu', input, alpha), x.shape, 'float32');
});

const clipByValue = kernel<Of<'x'>, tf.ClipByValueAttrs>('ClipByValue', (b, { x }, attrs) =>
  unary(b, x, handle => b.op('clamp', handle, attrs.clipValueMin, attrs.clipValueMax)),
);

/** Alone among tfjs's functions, the one that makes float32 of integers. */
const exp = kernel<Of<'x'>>('Exp', (b, { x }) => {
  const input = x.dtype === 'float32' ? b.input(x) : cast(b, b.input(x), 'float32');
  return b.output(b.op('exp', input), x.shape, 'float32');
});

/** Conversions as JavaScript's typed arrays do them. */
const castKernel = kernel<Of<'x'>, tf.CastAttrs>('Cast', (b, { x }, { dtype }) => {
  if (x.dtype === dtype) return b.share(x);
  const handle = x.dtype === 'complex64' ? b.op('real', b.input(x)) : b.input(x);
  const isFloat = x.dtype === 'float32' || x.dtype === 'complex64';
  if (dtype === 'int32' && isFloat) return b.output(floatToInt(b, handle), x.shape, dtype);
  if (!(dtype in scalarTypeOf)) throw new Error(`Error in Cast: failed to cast ${x.dtype} to ${dtype}`);
  return b.output(cast(b, handle, dtype as NumericType), x.shape, dtype);
});

/** condition ? t : e; a condition of rank 1 chooses rows. */
const select = kernel<Of<'condition' | 't' | 'e'>>('Select', (b, { condition, t, e }) => {
  const dtype = tf.upcastType(t.dtype, e.dtype) as NumericType;
  const typed = (x: T): Handle => (x.dtype === dtype ? b.input(x) : cast(b, b.input(x), dtype));
  let chosen = b.input(condition);
  if (condition.dtype !== 'bool') chosen = b.op('eq.Scalar', chosen, 1);
  if (condition.shape.length === 1 && t.shape.length > 1)
    chosen = b.op('view', chosen, [condition.shape[0]!, ...t.shape.slice(1).fill(1)]);
  return b.output(b.op('where.self', chosen, typed(t), typed(e)), t.shape, dtype);
});

const fill = kernel<unknown, tf.FillAttrs>('Fill', (b, _, { shape, value, dtype }) => {
  if (typeof value === 'string') {
    const values = new Array<string>(tf.util.sizeFromShape(shape)).fill(value);
    return b.makeTensorInfo(shape, 'string', values);
  }
  const type = (dtype ?? 'float32') as NumericType;
  return b.output(filled(b, shape, value, type), shape, type);
});

function constantLike(kernelName: string, value: number): NativeKernel {
  return kernel<Of<'x'>>(kernelName, (b, { x }) =>
    b.output(filled(b, x.shape, value, x.dtype as NumericType), x.shape, x.dtype),
  );
}

export const unaryKernels: readonly NativeKernel[] = [
  elementwise('Acos', 'acos'),
  elementwise('Acosh', 'acosh'),
  elementwise('Asin', 'asin'),
  elementwise('Asinh', 'asinh'),
  elementwise('Atan', 'atan'),
  elementwise('Atanh', 'atanh'),
  elementwise('Cos', 'cos'),
  inDouble('Cosh', 'cosh'),
  elementwise('Elu', 'elu'),
  elementwise('Erf', 'erf'),
  elementwise('Expm1', 'expm1'),
  elementwise('Log', 'log'),
  elementwise('Log1p', 'log1p'),
  elementwise('Reciprocal', 'reciprocal'),
  elementwise('Relu6', 'clamp', 0, 6),
  elementwise('Rsqrt', 'rsqrt'),
  elementwise('Selu', 'selu'),
  elementwise('Sigmoid', 'sigmoid'),
  elementwise('Sin', 'sin'),
  inDouble('Sinh', 'sinh'),
  elementwise('Sqrt', 'sqrt'),
  elementwise('Tan', 'tan'),
  elementwise('Tanh', 'tanh'),
  elementwise('Softplus', 'softplus'),
  exact('Abs', 'abs'),
  exact('Neg', 'neg'),
  exact('Relu', 'relu'),
  exact('Square', 'square'),
  rounding('Ceil', 'ceil'),
  rounding('Floor', 'floor'),
  rounding('Round', 'round'),
  predicate('IsFinite', 'isfinite'),
  predicate('IsInf', 'isinf'),
  predicate('IsNan', 'isnan'),
  predicate('LogicalNot', 'logical_not'),
  exp,
  sign,
  step,
  eluGrad,
  leakyRelu,
  clipByValue,
  castKernel,
  select,
  fill,
  constantLike('ZerosLike', 0),
  constantLike('OnesLike', 1),
];
