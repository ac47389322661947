import { bytesOfWords, roundToFloat16, type TensorSet, type TensorSource } from '@simvlm/checkpoint';
import { ConfigError, type Registry } from '@simvlm/core';
import { dequantizeRows, type QuantizedRows, quantizeRows, wordsOf } from '@simvlm/ops';
import type { SimVlmConfig } from '../config';
import { defaultRegistry } from '../simvlm';
import { type IntegerWeights, quantizationOf, scaleOf } from './integers';
import { integerNames, type Matrix } from './matrices';

/**
 * Weights with every matrix and every filter as integers, each made of its numbers when it is asked for: `NAME` holds the bytes of
 * the packed words, `NAME.scale` the scales, of 4 bits as float16. What is integers already stays as it is.
 *
 * @param set weights of a model of `config`, with or without `weights`
 * @param config with the `weights` that they are to have
 * @throws ConfigError without them
 */
export function integerTensors(
  set: TensorSet,
  config: SimVlmConfig,
  registry: Registry = defaultRegistry(),
): TensorSet {
  const { weights } = config;
  if (!weights)
    throw new ConfigError('CONFIG_INVALID', 'model config: "weights" says how many bits integers have');
  const { matrices, filters } = integerNames(config, registry);
  const tensors = new Map<string, TensorSource>();
  for (const [name, tensor] of set.tensors) {
    const matrix = matrices.get(name) ?? filters.get(name);
    if (!matrix || set.tensors.has(scaleOf(name))) {
      tensors.set(name, tensor);
      continue;
    }
    const { packed, scales } = quantized(tensor, matrix, weights);
    tensors.set(name, packed).set(scaleOf(name), scales);
  }
  return { tensors, metadata: set.metadata };
}

/**
 * Weights with numbers for integers, each made when it is asked for.
 *
 * @param set weights of a model of `config`
 * @param which filters alone, which a model of integers has as numbers, or all
 */
export function numberTensors(
  set: TensorSet,
  config: SimVlmConfig,
  which: 'filters' | 'all',
  registry: Registry = defaultRegistry(),
): TensorSet {
  const { weights } = config;
  if (!weights) return set;
  const { matrices, filters } = integerNames(config, registry);
  const wanted = new Map([...filters, ...(which === 'all' ? matrices : [])]);
  const tensors = new Map<string, TensorSource>();
  const scales = new Set([...wanted.keys()].map(scaleOf));
  for (const [name, tensor] of set.tensors) {
    const matrix = wanted.get(name);
    const scale = set.tensors.get(scaleOf(name));
    if (matrix && scale) tensors.set(name, numbers(tensor, scale, matrix, weights));
    else if (!scales.has(name)) tensors.set(name, tensor);
  }
  return { tensors, metadata: set.metadata };
}

function quantized(
  tensor: TensorSource,
  matrix: Matrix,
  weights: IntegerWeights,
): { packed: TensorSource; scales: TensorSource } {
  const { outputs, inputs, layout } = matrix;
  const quantization = quantizationOf(weights, inputs);
  // The scales are asked for after the integers: they are kept until then, so that the numbers are read once.
  let kept: Promise<QuantizedRows> | undefined;
  const rows = () => {
    kept ??= tensor.read().then(values => {
      const ordered = layout === 'inputs-first' ? transposed(values, inputs, outputs) : values;
      return quantizeRows(ordered, inputs, quantization, weights.bits === 4 ? roundToFloat16 : undefined);
    });
    return kept;
  };
  const words = Math.ceil((inputs * weights.bits) / 32);
  return {
    packed: {
      shape: [outputs, 4 * words],
      dtype: 'I8',
      read: async () => bytesOfWords((await rows()).packed),
    },
    scales: {
      shape: [outputs, Math.ceil(inputs / quantization.group)],
      dtype: weights.bits === 4 ? 'F16' : 'F32',
      async read() {
        const { scales } = await rows();
        kept = undefined;
        return scales;
      },
    },
  };
}

function numbers(
  tensor: TensorSource,
  scale: TensorSource,
  { outputs, inputs, layout, shape }: Matrix,
  weights: IntegerWeights,
): TensorSource {
  return {
    shape,
    async read() {
      const rows = { packed: wordsOf(await tensor.read()), scales: await scale.read() };
      const values = dequantizeRows(rows, inputs, quantizationOf(weights, inputs));
      return layout === 'inputs-first' ? transposed(values, outputs, inputs) : values;
    },
  };
}

/** `[rows, columns]` → `[columns, rows]` */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = values[row * columns + column]!;
  return result;
}
