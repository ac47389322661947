import * as tf from '@tensorflow/tfjs';
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
];

/** Functions of one operand, element by element. */
export const functionCases: Case[] = unaryOps.flatMap(([name, op, domain]) => [
  {
    name: `${name} [3, 37]`,
    inputs: [domain === 'any' ? of(3, 37) : positive(3, 37)],
    run: x => op(x!),
    gradient: true,
  },
  { name: `${name} of an empty tensor`, inputs: [of(0, 3)], run: x => op(x!) },
  { name: `${name} of 50,001 numbers`, inputs: [positive(50_001)], run: x => op(x!) },
  { name: `${name} where it is hard`, inputs: [floats(...SPECIAL)], run: x => op(x!), tolerance: 3e-6 },
]);
