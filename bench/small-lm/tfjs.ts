/** The language model written with plain tfjs operations, on the backend that the caller chose. */
import * as tf from '@tensorflow/tfjs-core';
import { adam, parameters, type Runner, type Size } from './setup';

export async function tfjsRunner(size: Size): Promise<Runner> {
  const p = new Map(
    parameters(size).map(({ name, shape, values }) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const optimizer = tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon);
  const { width: D, heads: H, rows: B, tokens: T } = size;
  const mask = tf.tidy(() => tf.mul(tf.sub(tf.linalg.bandPart(tf.ones([T, T]), -1, 0), 1), 1e9));

  const norm = (x: tf.Tensor, name: string) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(
      tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-6))), p.get(`${name}.gamma`)!),
      p.get(`${name}.beta`)!,
    );
  };
  const linear = (x: tf.Tensor, name: string) =>
    tf.add(
      tf.matMul(x as tf.Tensor2D, p.get(`${name}.weight`) as unknown as tf.Tensor2D),
      p.get(`${name}.bias`)!,
    );
  const gelu = (x: tf.Tensor) =>
    tf.mul(
      tf.mul(x, 0.5),
      tf.add(
        tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI))),
        1,
      ),
    );
  const heads = (x: tf.Tensor) => tf.transpose(tf.reshape(x, [B, T, H, D / H]), [0, 2, 1, 3]);

  const attention = (x: tf.Tensor, i: number) => {
    const [q, k, v] = ['query', 'key', 'value'].map(name => heads(linear(x, `${i}.${name}`)));
    const scores = tf.add(tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(D / H)), mask);
    const mixed = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v!), [0, 2, 1, 3]), [B * T, D]);
    return linear(mixed, `${i}.out`);
  };
  const loss = (inputs: tf.Tensor1D, targets: tf.Tensor1D): tf.Scalar => {
    const table = p.get('embedding') as unknown as tf.Tensor2D;
    // A product with one-hot rows, because the wasm backend has no UnsortedSegmentSum, the gradient of a gather.
    let x: tf.Tensor = tf.matMul(tf.cast(tf.oneHot(inputs, size.vocab), 'float32') as tf.Tensor2D, table);
    x = tf.reshape(tf.add(tf.reshape(x, [B, T, D]), p.get('positions')!), [B * T, D]);
    for (let i = 0; i < size.layers; i++) {
      x = tf.add(x, attention(norm(x, `${i}.norm1`), i));
      x = tf.add(x, linear(gelu(linear(norm(x, `${i}.norm2`), `${i}.mlp1`)), `${i}.mlp2`));
    }
    const logits = tf.matMul(norm(x, 'norm') as tf.Tensor2D, table, false, true);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(targets, size.vocab), logits) as tf.Scalar;
  };

  return {
    versions: { '@tensorflow/tfjs-core': tf.version_core },
    async step({ inputs, targets }) {
      const value = tf.tidy(
        () =>
          optimizer.minimize(() => loss(tf.tensor1d(inputs, 'int32'), tf.tensor1d(targets, 'int32')), true, [
            ...p.values(),
          ])!,
      );
      const [result] = await value.data();
      value.dispose();
      return result!;
    },
  };
}
