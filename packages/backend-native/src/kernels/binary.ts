import type { Handle } from '../addon/interface';
import { broadcast, cast, floatToInt, kernel, type NativeBackend, type NativeKernel, type T } from './kernel';

type Operands = { a: T; b: T };

interface Operators {
  /** The operator on two tensors. */
  readonly tensors: string;
  /** The operator of a tensor and a number. */
  readonly scalar?: string;
  /** The operator for a number on the left, which takes the tensor first. */
  readonly reversed?: string;
}

/** `a op b` without the rules of types: with a plain number in place of a tensor that was made of one. */
function apply(b: NativeBackend, operators: Operators, x: T, y: T): Handle {
  if (operators.scalar !== undefined && y.shape.length <= x.shape.length) {
    const number = b.scalar(y);
    if (number !== undefined && !Number.isNaN(number)) return b.op(operators.scalar, b.input(x), number);
  }
  if (operators.reversed !== undefined && x.shape.length <= y.shape.length) {
    const number = b.scalar(x);
    if (number !== undefined && !Number.isNaN(number)) return b.op(operators.reversed, b.input(y), number);
  }
  return b.op(operators.tensors, b.input(x), b.input(y));
}

/** Arithmetic: the result has the operands' type. */
function arithmetic(kernelName: string, operators: Operators): NativeKernel {
  return kernel<Operands>(kernelName, (b, { a, b: other }) => {
    const shape = broadcast(a.shape, other.shape);
    if (a.dtype !== 'bool') return b.output(apply(b, operators, a, other), shape, a.dtype);
    const numbers = b.op(operators.tensors, cast(b, b.input(a), 'int32'), cast(b, b.input(other), 'int32'));
    return b.output(cast(b, numbers, 'bool'), shape, 'bool');
  });
}

/** Comparison and logic: the result is bool. */
function predicate(kernelName: string, operators: Operators): NativeKernel {
  return kernel<Operands>(kernelName, (b, { a, b: other }) =>
    b.output(apply(b, operators, a, other), broadcast(a.shape, other.shape), 'bool'),
  );
}

/** Both operands in double precision: integers are exact, and a division by zero gives ∞. */
function doubles(b: NativeBackend, { a, b: other }: Operands): [Handle, Handle] {
  return [b.op('to.dtype', b.input(a), 7), b.op('to.dtype', b.input(other), 7)];
}

/** ⌊a / b⌋ in int32, 0 where b is 0. */
const floorDiv = kernel<Operands>('FloorDiv', (b, operands) => {
  const [x, y] = doubles(b, operands);
  const quotient = b.op('div.Tensor', x, y);
  b.op('floor_', quotient);
  return b.output(floatToInt(b, quotient), broadcast(operands.a.shape, operands.b.shape), 'int32');
});

const realDiv = kernel<Operands>('RealDiv', (b, operands) => {
  const { a, b: other } = operands;
  const shape = broadcast(a.shape, other.shape);
  if (a.dtype === 'float32' || a.dtype === 'complex64')
    return b.output(apply(b, { tensors: 'div.Tensor', scalar: 'div.Scalar' }, a, other), shape, a.dtype);
  const [x, y] = doubles(b, operands);
  return b.output(floatToInt(b, b.op('div.Tensor', x, y)), shape, 'int32');
});

/** JavaScript's remainder, moved to the sign of b where the signs differ. */
const mod = kernel<Operands>('Mod', (b, operands) => {
  const { a, b: other } = operands;
  const [x, y] = a.dtype === 'float32' ? [b.input(a), b.input(other)] : doubles(b, operands);
  const rest = b.op('fmod.Tensor', x, y);
  const sameSign = b.op('eq.Tensor', b.op('lt.Scalar', x, 0), b.op('lt.Scalar', y, 0));
  const moved = b.op('fmod.Tensor', b.op('add.Tensor', rest, y), y);
  const result = b.op('where.self', sameSign, rest, moved);
  const typed = a.dtype === 'float32' ? result : floatToInt(b, result);
  return b.output(typed, broadcast(a.shape, other.shape), a.dtype);
});

const squaredDifference = kernel<Operands>('SquaredDifference', (b, { a, b: other }) => {
  const difference = apply(
    b,
    { tensors: 'sub.Tensor', scalar: 'sub.Scalar', reversed: 'rsub.Scalar' },
    a,
    other,
  );
  b.op('mul_.Tensor', difference, difference);
  return b.output(difference, broadcast(a.shape, other.shape), a.dtype);
});

/** x where it is not negative, else alpha · x. */
const prelu = kernel<{ x: T; alpha: T }>('Prelu', (b, { x, alpha }) =>
  b.output(parametricRelu(b, b.input(x), b.input(alpha)), broadcast(x.shape, alpha.shape), 'float32'),
);

/** See {@link prelu}; also an activation of fused kernels. */
export function parametricRelu(b: NativeBackend, x: Handle, alpha: Handle): Handle {
  return b.op('where.self', b.op('lt.Scalar', x, 0), b.op('mul.Tensor', x, alpha), x);
}

/** The sum of several tensors of one shape, first to last. */
const addN = kernel<T[]>('AddN', (b, terms) => {
  const [first, second, ...rest] = terms;
  if (second === undefined) return b.share(first!);
  const sum = b.op('add.Tensor', b.input(first!), b.input(second));
  for (const term of rest) b.op('add_.Tensor', sum, b.input(term));
  return b.output(sum, first!.shape, first!.dtype);
});

export const binaryKernels: readonly NativeKernel[] = [
  arithmetic('Add', { tensors: 'add.Tensor', scalar: 'add.Scalar', reversed: 'add.Scalar' }),
  arithmetic('Sub', { tensors: 'sub.Tensor', scalar: 'sub.Scalar', reversed: 'rsub.Scalar' }),
  arithmetic('Multiply', { tensors: 'mul.Tensor', scalar: 'mul.Scalar', reversed: 'mul.Scalar' }),
  arithmetic('Maximum', { tensors: 'maximum', scalar: 'clamp_min', reversed: 'clamp_min' }),
  arithmetic('Minimum', { tensors: 'minimum', scalar: 'clamp_max', reversed: 'clamp_max' }),
  arithmetic('Pow', { tensors: 'pow.Tensor_Tensor', scalar: 'pow.Tensor_Scalar' }),
  arithmetic('Atan2', { tensors: 'atan2' }),
  arithmetic('BitwiseAnd', { tensors: 'bitwise_and.Tensor' }),
  predicate('Equal', { tensors: 'eq.Tensor', scalar: 'eq.Scalar', reversed: 'eq.Scalar' }),
  predicate('NotEqual', { tensors: 'ne.Tensor', scalar: 'ne.Scalar', reversed: 'ne.Scalar' }),
  predicate('Greater', { tensors: 'gt.Tensor', scalar: 'gt.Scalar', reversed: 'lt.Scalar' }),
  predicate('GreaterEqual', { tensors: 'ge.Tensor', scalar: 'ge.Scalar', reversed: 'le.Scalar' }),
  predicate('Less', { tensors: 'lt.Tensor', scalar: 'lt.Scalar', reversed: 'gt.Scalar' }),
  predicate('LessEqual', { tensors: 'le.Tensor', scalar: 'le.Scalar', reversed: 'ge.Scalar' }),
  predicate('LogicalAnd', { tensors: 'logical_and' }),
  predicate('LogicalOr', { tensors: 'logical_or' }),
  realDiv,
  floorDiv,
  mod,
  squaredDifference,
  prelu,
  addN,
];
