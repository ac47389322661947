import { describeKernels } from '@simvlm/conformance';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { NativeAddon } from '../src/addon/interface';
import { loadAddon } from '../src/addon/load';
import { Aten } from '../src/aten';
import { NativeBackend } from '../src/backend';
import { kernels } from '../src/kernels/index';
import { describeNative } from './libtorch';

/** A number that stands for nothing else in the arguments of operators. */
const DEVICE = 7_001;
const NAME = 'native-elsewhere';

/**
 * The addon with a device that is the CPU under another name, so that what the kernels do on a GPU alone is tested where there
 * is none.
 */
function withDevice(addon: NativeAddon): NativeAddon {
  const replaced: Partial<NativeAddon> = {
    call: (operator, args) =>
      addon.call(
        operator,
        args.map(arg => (arg === DEVICE ? -1 : arg)),
      ),
    create: (data, shape, dtype, device) => addon.create(data, shape, dtype, device === DEVICE ? -1 : device),
    synchronize: () => {},
  };
  return new Proxy(addon, {
    get: (target, name) => Reflect.get(replaced, name) ?? Reflect.get(target, name),
  });
}

async function register(): Promise<void> {
  if (tf.findBackendFactory(NAME) !== null) return;
  const backend = new NativeBackend(new Aten(withDevice(await loadAddon())), DEVICE);
  tf.registerBackend(NAME, () => backend, 0);
  for (const kernel of kernels)
    tf.registerKernel({ ...kernel, backendName: NAME } as unknown as tf.KernelConfig);
}

describeNative('a device', () => {
  describeKernels(NAME, register);

  test('gathers zeros and scatters nothing where an index is out of range: it cannot stop to say so', async () => {
    await register();
    await tf.setBackend(NAME);
    const values = tf.tidy(() => {
      const x = tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const ids = tf.tensor1d([2, -1, 0, 3], 'int32');
      return [
        tf.gather(x, ids).arraySync(),
        tf.gather(tf.transpose(x), ids, 1).arraySync(),
        tf.gatherND(x, tf.reshape(ids, [4, 1])).arraySync(),
        tf.scatterND(tf.reshape(ids, [4, 1]), tf.ones([4, 2]), [3, 2]).arraySync(),
        tf.tensorScatterUpdate(x, tf.reshape(ids, [4, 1]), tf.zeros([4, 2])).arraySync(),
      ];
    });
    await tf.setBackend('cpu');
    expect(values).toEqual([
      [
        [5, 6],
        [0, 0],
        [1, 2],
        [0, 0],
      ],
      [
        [5, 0, 1, 0],
        [6, 0, 2, 0],
      ],
      [
        [5, 6],
        [0, 0],
        [1, 2],
        [0, 0],
      ],
      [
        [1, 1],
        [0, 0],
        [1, 1],
      ],
      [
        [0, 0],
        [3, 4],
        [0, 0],
      ],
    ]);
  });
});
