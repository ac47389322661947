import { ParameterTree, type PrefixLmBatch, Random } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamW, lossAndGradients, resolveTrainConfig } from '../src/index';
import { baseConfig, batches, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

function noise(seed: number, length: number): Float32Array {
  const random = Random.fromSeed(seed);
  return Float32Array.from({ length }, () => random.normal());
}

describe('AdamW', () => {
  test('follows a reference in double precision, clipping and decay included', async () => {
    const config = { ...resolveTrainConfig(baseConfig), weightDecay: 0.1, clip: 2 };
    const shapes: Record<string, number[]> = { 'a.weight': [3, 2], 'a.bias': [2], 'b.weight': [4] };
    const tree = ParameterTree.from(
      Object.entries(shapes).map(([name, shape], i) => [
        name,
        tf.variable(tf.tensor(noise(i, tf.util.sizeFromShape(shape)), shape)),
      ]),
    );
    const wanted = [...tree].map(([name, variable]) => ({
      name,
      x: Array.from(variable.dataSync()),
      m: new Array<number>(variable.size).fill(0),
      v: new Array<number>(variable.size).fill(0),
    }));
    const optimizer = new AdamW(tree, config);
    for (let step = 1; step <= 8; step++) {
      const gradients = tree.map(({ shape, size }, name) =>
        tf.tensor(
          noise(100 * step + name.length + size, size).map(g => g * 10 ** (step % 3)),
          shape,
        ),
      );
      const rate = 0.05 / step;
      const { gradientNorm } = await optimizer.apply(gradients, rate);
      const numbers = gradients.map(tensor => Array.from(tensor.dataSync()));
      const norm = Math.sqrt(
        numbers
          .values()
          .flat()
          .reduce((sum, g) => sum + g * g, 0),
      );
      expect(gradientNorm / norm).toBeCloseTo(1, 5);
      const scale = Math.min(1, 2 / norm);
      for (const { name, x, m, v } of wanted) {
        const decay = name === 'a.weight' ? 0.1 : 0;
        for (const [i, raw] of numbers.get(name).entries()) {
          const g = raw * scale;
          m[i] = 0.9 * m[i]! + 0.1 * g;
          v[i] = 0.999 * v[i]! + 0.001 * g * g;
          const update = m[i]! / (1 - 0.9 ** step) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
          x[i] = x[i]! - rate * (update + decay * x[i]!);
        }
        for (const [i, value] of tree.get(name).dataSync().entries()) expect(value).toBeCloseTo(x[i]!, 5);
      }
      tf.dispose(gradients.values());
    }
    expect(optimizer.step).toBe(8);
    optimizer.dispose();
    tf.dispose(tree.values());
  });

  test('weight decay shrinks the matrices of a model by learning rate × decay, and nothing else', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const before = model.params.map(variable => variable.dataSync().slice());
    const optimizer = new AdamW(model.params, { ...resolveTrainConfig(baseConfig), weightDecay: 0.5 });
    const zeros = model.params.map(variable => tf.zerosLike(variable) as tf.Tensor);
    await optimizer.apply(zeros, 0.1);
    const decayed: string[] = [];
    for (const [name, variable] of model.params) {
      const [old, now] = [before.get(name), variable.dataSync()];
      const shrunk = old.map(value => value * (1 - 0.1 * 0.5));
      if (now.every((value, i) => value === old[i])) continue;
      decayed.push(name);
      for (const [i, value] of now.entries()) expect(value).toBeCloseTo(shrunk[i]!, 6);
    }
    const matrices = model.params.names().filter(name => name.endsWith('.weight'));
    expect(decayed).toEqual(matrices);
    expect(matrices).toContain('embedding.weight');
    tf.dispose(zeros.values());
    optimizer.dispose();
    model.dispose();
  });

  test.each([
    [0.5, 0.1],
    [100, 1],
    [0, 1],
  ])('a limit of %d on a gradient of norm 5 multiplies it by %d', async (clip, scale) => {
    const tree = ParameterTree.from([['x.bias', tf.variable(tf.tensor1d([0, 0]))]]);
    const optimizer = new AdamW(tree, { ...resolveTrainConfig(baseConfig), clip });
    const gradients = ParameterTree.from([['x.bias', tf.tensor1d([3, 4]) as tf.Tensor]]);
    expect((await optimizer.apply(gradients, 0.1)).gradientNorm).toBeCloseTo(5, 6);
    const moment = await new Map(optimizer.state()).get('m.x.bias')!.read();
    expect(moment[0]).toBeCloseTo(0.1 * 3 * scale, 6);
    expect(moment[1]).toBeCloseTo(0.1 * 4 * scale, 6);
    tf.dispose([...gradients.values(), ...tree.values()]);
    optimizer.dispose();
  });
});

describe('the gradients of a step', () => {
  const numbers = ({ loss, gradients, count }: ReturnType<typeof lossAndGradients>) => {
    const read = {
      loss: loss.dataSync()[0]!,
      count,
      gradients: gradients.map(tensor => tensor.dataSync().slice()),
    };
    tf.dispose([loss, ...gradients.values()]);
    return read;
  };

  /** The rows of several batches of one kind in one. */
  function joined(parts: readonly PrefixLmBatch[]): PrefixLmBatch {
    const length = Math.max(...parts.map(part => part.length));
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const tokens = new Int32Array(size * length);
    const pixels = parts.flatMap(part => [...(part.images?.pixels ?? [])]);
    let row = 0;
    for (const part of parts)
      for (let b = 0; b < part.size; b++)
        tokens.set(part.tokens.subarray(b * part.length, (b + 1) * part.length), row++ * length);
    return {
      size,
      length,
      tokens,
      prefixLengths: Int32Array.from(parts.flatMap(part => [...part.prefixLengths])),
      textLengths: Int32Array.from(parts.flatMap(part => [...part.textLengths])),
      ...(pixels.length > 0 && { images: { side: 8, pixels: Uint8Array.from(pixels) } }),
      ids: parts.flatMap(part => part.ids),
    };
  }

  test.each(['encoder-decoder', 'decoder-only'] as const)(
    '%s: several batches give what one large batch gives, to a millionth',
    async architecture => {
      const model = SimVlm.create(tinyConfig({ architecture }), { seed: 1 });
      const source = batches({ documents: true });
      const micro = [await source.next(), await source.next(), await source.next()];
      expect(
        new Set(micro.map(parts => parts.reduce((sum, part) => sum + model.lossTokens(part), 0))).size,
      ).toBeGreaterThan(1);
      const large = [0, 1].map(kind => joined(micro.map(parts => parts[kind]!)));
      const [a, b] = [micro, [large]].map(steps => numbers(lossAndGradients(prefixLmLearner(model), steps)));
      expect(a!.count).toBe(b!.count);
      expect(Math.abs(a!.loss / b!.loss - 1)).toBeLessThan(1e-6);
      const largest = Math.max(...[...b!.gradients].flatMap(([, values]) => [...values].map(Math.abs)));
      for (const [name, values] of a!.gradients)
        for (const [i, value] of values.entries())
          expect(Math.abs(value - b!.gradients.get(name)[i]!) / largest, name).toBeLessThan(1e-6);
      model.dispose();
    },
  );

  test('a step without images has a gradient of zero for what reads images', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    const { gradients } = numbers(
      lossAndGradients(prefixLmLearner(model), [await batches({ images: false, documents: true }).next()]),
    );
    expect(gradients.names()).toEqual(model.params.names());
    expect(gradients.get('patcher.out.weight').every(value => value === 0)).toBe(true);
    expect(gradients.get('embedding.weight').some(value => value !== 0)).toBe(true);
    model.dispose();
  });
});
