/** The language model written for jax-js: one jitted training step on one of its devices. */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import manifest from '../package.json';
import { adam, parameters, type Runner, type Size } from './setup';

type Arrays = np.Array[];

export async function jaxRunner(size: Size, device: 'wasm' | 'webgpu'): Promise<Runner> {
  const devices = await init(device);
  if (!devices.includes(device)) throw new Error(`jax-js found no device ${device}`);
  defaultDevice(device);
  const list = parameters(size);
  const index = new Map(list.map(({ name }, i) => [name, i]));
  const { width: D, heads: H, rows: B, tokens: T } = size;

  const mask = np
    .tril(np.ones([T, T]))
    .sub(1)
    .mul(1e9);

  const forward = (p: Arrays, inputs: np.Array, targets: np.Array): np.Array => {
    const get = (name: string) => p[index.get(name)!]!.ref;
    const norm = (x: np.Array, name: string) =>
      nn
        .standardize(x, -1, { epsilon: 1e-6 })
        .mul(get(`${name}.gamma`))
        .add(get(`${name}.beta`));
    const linear = (x: np.Array, name: string) =>
      np.matmul(x, get(`${name}.weight`)).add(get(`${name}.bias`));
    // np.take has no gradient under jit in this version, so the embedding is a product with one-hot rows.
    let x = np.matmul(nn.oneHot(inputs, size.vocab), get('embedding'));
    x = x
      .reshape([B, T, D])
      .add(get('positions'))
      .reshape([B * T, D]);
    for (let i = 0; i < size.layers; i++) {
      const h = norm(x.ref, `${i}.norm1`);
      // Composed by hand: nn.dotProductAttention calls einsum, which this version cannot parse on Node 20.
      const heads = (y: np.Array) => y.reshape([B, T, H, D / H]).transpose([0, 2, 1, 3]);
      const q = heads(linear(h.ref, `${i}.query`));
      const k = heads(linear(h.ref, `${i}.key`));
      const v = heads(linear(h, `${i}.value`));
      const scores = np
        .matmul(q, k.transpose([0, 1, 3, 2]))
        .mul(1 / Math.sqrt(D / H))
        .add(mask.ref);
      const mixed = np
        .matmul(nn.softmax(scores, -1), v)
        .transpose([0, 2, 1, 3])
        .reshape([B * T, D]);
      x = x.add(linear(mixed, `${i}.out`));
      const hidden = nn.gelu(linear(norm(x.ref, `${i}.norm2`), `${i}.mlp1`), { approximate: true });
      x = x.add(linear(hidden, `${i}.mlp2`));
    }
    const logits = np.matmul(norm(x, 'norm'), get('embedding').transpose());
    const loss = nn
      .logSoftmax(logits, -1)
      .mul(nn.oneHot(targets, size.vocab))
      .sum()
      .mul(-1 / (B * T));
    for (const array of p) array.dispose();
    return loss;
  };

  const train = jit(
    (p: Arrays, m: Arrays, v: Arrays, corrections: np.Array, inputs: np.Array, targets: np.Array) => {
      const [loss, grads] = valueAndGrad(forward)(
        p.map(array => array.ref),
        inputs,
        targets,
      ) as unknown as [np.Array, Arrays];
      const [first, second] = [corrections.ref.slice(0), corrections.slice(1)];
      const nextM = m.map((array, i) => array.mul(adam.beta1).add(grads[i]!.ref.mul(1 - adam.beta1)));
      const nextV = v.map((array, i) => array.mul(adam.beta2).add(np.square(grads[i]!).mul(1 - adam.beta2)));
      const nextP = p.map((array, i) =>
        array.sub(
          nextM[i]!.ref.mul(first.ref)
            .div(np.sqrt(nextV[i]!.ref.mul(second.ref)).add(adam.epsilon))
            .mul(adam.learningRate),
        ),
      );
      first.dispose();
      second.dispose();
      return [loss, nextP, nextM, nextV] as unknown as np.Array[];
    },
  );

  let p = list.map(({ shape, values }) => np.array(values.slice()).reshape(shape));
  let m = list.map(({ shape }) => np.zeros(shape));
  let v = list.map(({ shape }) => np.zeros(shape));
  let step = 0;
  return {
    versions: { '@jax-js/jax': manifest.dependencies['@jax-js/jax'] },
    async step({ inputs, targets }) {
      step++;
      const corrections = np.array(
        new Float32Array([1 / (1 - adam.beta1 ** step), 1 / (1 - adam.beta2 ** step)]),
      );
      const result = train(p, m, v, corrections, np.array(inputs), np.array(targets)) as unknown as [
        np.Array,
        Arrays,
        Arrays,
        Arrays,
      ];
      [, p, m, v] = result;
      return (await result[0].data())[0]!;
    },
  };
}
