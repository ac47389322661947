import { ParameterTree } from '@simvlm/core';
import { AdamW, resolveTrainConfig } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { baseConfig, run } from '../../trainer/test/tiny';
import { registerNativeBackend } from '../src/index';
import { describeNative } from './libtorch';

describeNative('training by plain steps', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });

  test('overwrites parameters, but not what a clone or a view of one shows', async () => {
    const initial = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const weight = tf.variable(initial);
    // Until then the two have one memory.
    initial.dispose();
    const tree = ParameterTree.from([['a.weight', weight]]);
    const optimizer = new AdamW(tree, { ...resolveTrainConfig(baseConfig), clip: 0 });
    const gradients = tree.map(({ shape }) => tf.ones(shape));
    const before = weight.dataId;
    await optimizer.apply(gradients, 0.1);
    expect(weight.dataId, 'written in place').toBe(before);
    const shown = Array.from(weight.dataSync());
    const [clone, view] = [weight.clone(), tf.reshape(weight, [4])];
    await optimizer.apply(gradients, 0.1);
    expect(Array.from(weight.dataSync())).not.toEqual(shown);
    expect(Array.from(clone.dataSync())).toEqual(shown);
    expect(Array.from(view.dataSync())).toEqual(shown);
    optimizer.dispose();
    tf.dispose([weight, clone, view, ...gradients.values()]);
  });

  test.each([false, true])(
    'holds as many handles and bytes after five hundred steps as before, recorded: %s',
    async captureSteps => {
      const held: { handles: number; bytes: number }[] = [];
      const count = () => {
        const { handles, bytes } = tf.memory() as never as { handles: number; bytes: number };
        held.push({ handles, bytes });
      };
      await run({ config: { captureSteps, steps: 520 }, callbacks: [{ onStep: count }] });
      const most = (from: number, to: number) =>
        (['handles', 'bytes'] as const).map(kind => Math.max(...held.slice(from, to).map(at => at[kind])));
      // Two shapes of batches, each recorded when it first comes.
      expect(most(500, 520)).toEqual(most(20, 40));
    },
  );
});
