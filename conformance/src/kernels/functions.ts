import * as tf from '@tensorflow/tfjs-core';
import { type Case, floats, of, positive } from './case';

/** Numbers at which elementary functions go wrong. */
const HARD = [
  0, -0, 1, -1, 1e-30, -1e-30, 1e-40, 0.5, -0.624, 0.626, 88.5, -87.5, -103, 89, -110, 1e30, -1e30,
];
const SPECIAL = [...HARD, Infinity, -Infinity, NaN, 20, -20, 9.01];

const unaryOps: readonly (readonly [string, (x: tf.Tensor) => tf.Tensor, 'any' | 'positive'])[] = [
  ['relu', tf.relu, 'any'],
  ['step', x => tf.step(x, 0.25), 'any'],
  ['exp', tf.exp, 'any'],
  ['log', tf.log, 'positive'],
  ['sqrt', tf.sqrt, 'positive'],
  ['rsqrt', tf.rsqrt, 'positive'],
  ['square', tf.square, 'any'],
  ['neg', tf.neg, 'any'],
  ['abs', tf.abs, 'any'],
  ['tanh', tf.tanh, 'any'],
  ['sigmoid', tf.sigmoid, 'any'],
  ['reciprocal', tf.reciprocal, 'positive'],
  ['softplus', tf.softplus, 'any'],
  ['erf', tf.erf, 'any'],
  ['elu', tf.elu, 'any'],
  ['relu6', tf.relu6, 'any'],
  ['leakyRelu', x => tf.leakyRelu(x), 'any'],
  ['cos', tf.cos, 'any'],
  ['pow', x => tf.pow(x, 3), 'any'],
  ['sin', tf.sin, 'any'],
  ['tan', tf.tan, 'any'],
  ['atan', tf.atan, 'any'],
  ['asinh', tf.asinh, 'any'],
  ['sinh', tf.sinh, 'any'],
  ['cosh', tf.cosh, 'any'],
  ['acosh', x => tf.acosh(tf.add(x, 1)), 'positive'],
  ['expm1', tf.expm1, 'any'],
  ['log1p', tf.log1p, 'positive'],
  ['selu', tf.selu, 'any'],
  ['ceil', tf.ceil, 'any'],
  ['floor', tf.floor, 'any'],
  ['round', tf.round, 'any'],
  ['sign', tf.sign, 'any'],
  ['isNaN', x => tf.cast(tf.isNaN(x), 'float32'), 'any'],
  ['isInf', x => tf.cast(tf.isInf(x), 'float32'), 'any'],
  ['isFinite', x => tf.cast(tf.isFinite(x), 'float32'), 'any'],
];

/** Operations whose gradient tfjs leaves out, or which is 0. */
const withoutGradient = new Set(['isNaN', 'isInf', 'isFinite']);

/** Functions of one operand, element by element. */
export const functionCases: Case[] = [
  ...unaryOps.flatMap(([name, op, domain]): Case[] => [
    {
      name: `${name} [3, 37]`,
      inputs: [domain === 'any' ? of(3, 37) : positive(3, 37)],
      run: x => op(x!),
      gradient: !withoutGradient.has(name),
    },
    { name: `${name} of an empty tensor`, inputs: [of(0, 3)], run: x => op(x!) },
    { name: `${name} of 50,001 numbers`, inputs: [positive(50_001)], run: x => op(x!) },
    { name: `${name} where it is hard`, inputs: [floats(...SPECIAL)], run: x => op(x!), tolerance: 3e-6 },
  ]),
  ...(
    [
      ['acos', tf.acos],
      ['asin', tf.asin],
      ['atanh', tf.atanh],
    ] as const
  ).map(
    ([name, op]): Case => ({
      name: `${name} from −1 to 1 and beyond`,
      inputs: [floats(0, -0, 0.3, -0.99, 1, -1, 1.5, NaN)],
      run: x => op(x!),
    }),
  ),
  {
    name: 'round gives the even neighbour of a half',
    inputs: [floats(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 1e9)],
    run: x => tf.round(x!),
  },
  {
    name: 'step with and without a slope',
    inputs: [floats(-2, -0, 0, 1e-40, 3, NaN, Infinity, -Infinity)],
    run: x => [tf.step(x!), tf.step(x!, -0.1), tf.step(x!, 1)],
  },
  {
    name: 'clipByValue passes NaN on and cuts infinity',
    inputs: [floats(NaN, Infinity, -Infinity, 0.5, -2)],
    run: x => tf.clipByValue(x!, -1, 1),
  },
  {
    name: 'prelu with one slope for each column',
    inputs: [of(4, 5), of(5)],
    run: (x, alpha) => tf.prelu(x!, alpha!),
    gradient: true,
  },
];
