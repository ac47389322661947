import { draw, expectClose, toTensor } from '@simvlm/conformance';
import { type LowRank, type ParameterScope, ParameterTree, parameterScope } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { linear, linearMap } from '../index';

const { normal } = draw('linear map');
const values = {
  weight: normal([5, 4]),
  bias: normal([4]),
  a: normal([5, 2]),
  b: normal([2, 4]),
};
const init = { kind: 'zeros' } as const;

/** A scope that hands out these values, and a path of low rank with a factor of 3 where it is asked for one. */
function scopeOf(path: boolean) {
  const params = new ParameterTree<tf.Tensor>();
  const scope: ParameterScope<tf.Tensor> = parameterScope(params, name =>
    toTensor(values[name as keyof typeof values]),
  );
  const lowRank = (): LowRank<tf.Tensor> => ({
    a: scope.param('a', [5, 2], init),
    b: scope.param('b', [2, 4], init),
    scale: 3,
  });
  return { params, scope: path ? { ...scope, lowRank } : scope };
}

describe('a linear map', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  test.each(['none', 'gelu'] as const)('is linear of the parameters that it declares (%s)', activation => {
    tf.tidy(() => {
      const { params, scope } = scopeOf(false);
      const map = linearMap(scope, { inputs: 5, outputs: 4, init, activation });
      expect(params.names()).toEqual(['weight', 'bias']);
      const x = toTensor(normal([2, 3, 5]));
      const want = linear(x, params.get('weight'), params.get('bias'), { activation });
      expect([...map(x).dataSync()]).toEqual([...want.dataSync()]);
    });
  });

  test.each(['none', 'gelu'] as const)(
    'with a path of low rank is that of W + scale · a · b, and so are its gradients (%s)',
    activation => {
      tf.tidy(() => {
        const { params, scope } = scopeOf(true);
        const map = linearMap(scope, { inputs: 5, outputs: 4, init, activation });
        const [weight, bias, a, b] = params.values() as [tf.Tensor, tf.Tensor, tf.Tensor2D, tf.Tensor2D];
        const x = toTensor(normal([2, 3, 5]));
        const plain = (given: tf.Tensor, ga: tf.Tensor2D, gb: tf.Tensor2D) =>
          linear(given, tf.add(weight, tf.mul(tf.matMul(ga, gb), 3)), bias, { activation });
        expectClose(map(x).dataSync(), plain(x, a, b).dataSync(), 1e-5);
        const dy = toTensor(normal([2, 3, 4]));
        const own = tf.grad(given => map(given))(x, dy);
        const want = tf.grads(plain as (...xs: tf.Tensor[]) => tf.Tensor)([x, a, b], dy);
        expectClose(own.dataSync(), want[0]!.dataSync(), 1e-5, 'dx');
        // By tensors that the map closes over.
        const { grads } = tf.engine().gradients(() => map(x), [a, b], dy);
        expectClose(grads[0]!.dataSync(), want[1]!.dataSync(), 1e-5, 'da');
        expectClose(grads[1]!.dataSync(), want[2]!.dataSync(), 1e-5, 'db');
      });
    },
  );
});
