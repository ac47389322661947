/** The language model written with this project's fused operations, on the backend that the caller chose. */
import { prefixAttention } from '@simvlm/attention';
import {
  adamwInPlace,
  adamwStep,
  canAdamwInPlace,
  crossEntropy,
  embedding,
  layerNorm,
  linear,
  variableGradients,
} from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { adam, parameters, type Runner, type Size } from './setup';

export async function oursRunner(size: Size): Promise<Runner> {
  const p = new Map(
    parameters(size).map(({ name, shape, values }) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const { width: D, heads: H, rows: B, tokens: T } = size;
  const lengths = { keyLengths: tf.fill([B], T, 'int32'), prefixLengths: tf.zeros([B], 'int32') };
  const weights = tf.ones([B * T]) as tf.Tensor1D;

  const get = (name: string) => p.get(name) as tf.Tensor;
  const dense = (x: tf.Tensor, name: string, activation: 'none' | 'gelu' = 'none') =>
    linear(x, get(`${name}.weight`), get(`${name}.bias`), { activation });
  const norm = (x: tf.Tensor, name: string) =>
    layerNorm(x, get(`${name}.gamma`), get(`${name}.beta`), { epsilon: 1e-6 });
  const attention = (x: tf.Tensor, i: number) => {
    const [q, k, v] = ['query', 'key', 'value'].map(name =>
      tf.reshape(dense(x, `${i}.${name}`), [B, T, H, D / H]),
    );
    return dense(tf.reshape(prefixAttention({ q: q!, k: k!, v: v!, ...lengths }), [B, T, D]), `${i}.out`);
  };
  const loss = (inputs: tf.Tensor1D, targets: tf.Tensor1D): tf.Scalar => {
    const table = get('embedding');
    let x: tf.Tensor = tf.add(tf.reshape(embedding(table, inputs), [B, T, D]), get('positions'));
    for (let i = 0; i < size.layers; i++) {
      x = tf.add(x, attention(norm(x, `${i}.norm1`), i));
      x = tf.add(x, dense(dense(norm(x, `${i}.norm2`), `${i}.mlp1`, 'gelu'), `${i}.mlp2`));
    }
    const logits = linear(tf.reshape(norm(x, 'norm'), [B * T, D]), table, undefined, { transposeW: true });
    return tf.mean(crossEntropy(logits as tf.Tensor2D, targets, weights));
  };

  const update = adamOf([...p.values()]);
  return {
    versions: { '@simvlm/ops': 'this repository' },
    async step({ inputs, targets }) {
      const value = tf.tidy(() => {
        const { value, grads } = variableGradients(
          () => loss(tf.tensor1d(inputs, 'int32'), tf.tensor1d(targets, 'int32')),
          [...p.values()],
        );
        update(grads);
        return value;
      });
      const [result] = await value.data();
      value.dispose();
      return result!;
    },
  };
}

/** A step of Adam, given gradients by the variables' names: in place where the backend can, as the trainer does it. */
function adamOf(params: readonly tf.Variable[]): (grads: tf.NamedTensorMap) => void {
  const m = params.map(({ shape }) => tf.keep(tf.zeros(shape)));
  const v = params.map(({ shape }) => tf.keep(tf.zeros(shape)));
  const gradScale = tf.keep(tf.scalar(1));
  let step = 0;
  return gradients => {
    step++;
    const grads = params.map(({ name }) => gradients[name]!);
    if (canAdamwInPlace()) {
      const scalars = { gradScale, learningRate: tf.scalar(adam.learningRate), step: tf.scalar(step) };
      adamwInPlace({ params, grads, m, v }, scalars, { ...adam, weightDecays: params.map(() => 0) });
      return;
    }
    for (const [i, param] of params.entries()) {
      const tensors = { param, grad: grads[i]!, m: m[i]!, v: v[i]!, gradScale };
      const [next, nextM, nextV] = adamwStep(tensors, { ...adam, weightDecay: 0, step });
      param.assign(next);
      tf.dispose([m[i]!, v[i]!]);
      [m[i], v[i]] = [tf.keep(nextM), tf.keep(nextV)];
    }
  };
}
