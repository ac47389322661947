/** The stack written with this project's fused operations, on the backend that the caller chose. */
import { prefixAttention } from '@simvlm/attention';
import { adamwStep, crossEntropy, embedding, layerNorm, linear } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import { adam, model, parameters, type Step } from './model';

export function oursRunner(B: number): Step {
  const p = new Map(
    parameters().map(({ name, shape, values }) => [name, tf.variable(tf.tensor(values, shape))]),
  );
  const moments = new Map(
    [...p].map(([name, { shape }]) => [name, { m: tf.zeros(shape), v: tf.zeros(shape) }]),
  );
  const { width: D, heads: H, tokens: T } = model;
  const lengths = { keyLengths: tf.fill([B], T, 'int32'), prefixLengths: tf.zeros([B], 'int32') };
  const weights = tf.ones([B * T]) as tf.Tensor1D;
  const one = tf.scalar(1);

  const get = (name: string) => p.get(name) as tf.Tensor;
  const dense = (x: tf.Tensor, name: string, activation: 'none' | 'gelu' = 'none') =>
    linear(x, get(`${name}.weight`), get(`${name}.bias`), { activation });
  const norm = (x: tf.Tensor, name: string) => layerNorm(x, get(`${name}.gamma`), get(`${name}.beta`));
  const attention = (x: tf.Tensor, i: number) => {
    const [q, k, v] = ['query', 'key', 'value'].map(name =>
      dense(x, `${i}.${name}`).reshape([B, T, H, D / H]),
    );
    return dense(prefixAttention({ q: q!, k: k!, v: v!, ...lengths }).reshape([B, T, D]), `${i}.out`);
  };
  const loss = (inputs: tf.Tensor1D, targets: tf.Tensor1D): tf.Scalar => {
    const table = get('embedding');
    let x: tf.Tensor = embedding(table, inputs).reshape([B, T, D]).add(get('positions'));
    for (let i = 0; i < model.layers; i++) {
      x = x.add(attention(norm(x, `${i}.norm1`), i));
      x = x.add(dense(dense(norm(x, `${i}.norm2`), `${i}.mlp1`, 'gelu'), `${i}.mlp2`));
    }
    const logits = linear(norm(x, 'norm').reshape([B * T, D]), table, undefined, { transposeW: true });
    return crossEntropy(logits as tf.Tensor2D, targets, weights).mean();
  };

  let step = 0;
  return async (inputs, targets) => {
    step++;
    const value = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => loss(tf.tensor1d(inputs, 'int32'), tf.tensor1d(targets, 'int32')),
        [...p.values()],
      );
      for (const [name, variable] of p) {
        const { m, v } = moments.get(name)!;
        const [param, nextM, nextV] = adamwStep(
          { param: variable, grad: grads[variable.name]!, m, v, gradScale: one },
          { ...adam, weightDecay: 0, step },
        );
        variable.assign(param);
        tf.dispose([m, v]);
        moments.set(name, { m: tf.keep(nextM), v: tf.keep(nextV) });
      }
      return value;
    });
    const [result] = await value.data();
    value.dispose();
    return result!;
  };
}
