import * as tf from '@tensorflow/tfjs-core';
import { type Case, of } from './case';

const parts = (z: tf.Tensor): tf.Tensor[] => [tf.real(z), tf.imag(z)];

/** Complex numbers, spectra, and sums over named axes. */
export const complexCases: Case[] = [
  {
    name: 'complex numbers',
    inputs: [of(2, 3), of(2, 3), of(2, 3), of(2, 3)],
    run: (a, b, c, d) => {
      const [x, y] = [tf.complex(a!, b!), tf.complex(c!, d!)];
      return [
        ...[
          tf.add(x, y),
          tf.sub(x, y),
          tf.mul(x, y),
          tf.reshape(tf.complex(a!, b!), [6]),
          tf.concat([x, x], 1),
        ].flatMap(parts),
        ...[tf.abs(x), ...parts(tf.zerosLike(x)), tf.cast(x, 'float32'), ...parts(tf.cast(a!, 'complex64'))],
      ];
    },
  },
  ...[1, 2, 6, 8, 13].map(
    (n): Case => ({
      name: `fft, ifft, rfft and irfft of ${n}`,
      inputs: [of(2, n), of(2, n)],
      run: (a, b) => {
        const x = tf.complex(a!, b!);
        const spectra = [...parts(tf.fft(x)), ...parts(tf.ifft(x)), ...parts(tf.rfft(a!))];
        return n > 2 ? [...spectra, tf.irfft(x)] : spectra;
      },
      tolerance: 1e-4,
    }),
  ),
  ...(
    [
      ['ij,jk->ik', [3, 4], [4, 5]],
      ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
      ['ijk,kl->ijl', [2, 3, 4], [4, 5]],
      ['ij,ij->', [3, 4], [3, 4]],
      ['i,j->ji', [3], [4]],
      ['bqhd,bkhd->bhqk', [2, 3, 2, 4], [2, 5, 2, 4]],
      ['ij, i -> j', [3, 4], [3]],
    ] as [string, number[], number[]][]
  ).map(
    ([equation, a, b]): Case => ({
      name: `einsum ${equation}`,
      inputs: [of(...a), of(...b)],
      run: (x, y) => tf.einsum(equation, x!, y!),
    }),
  ),
  {
    name: 'einsum of one tensor, diag and outer product',
    inputs: [of(3, 4), of(5)],
    run: (x, y) => [
      tf.einsum('ij->ji', x!),
      tf.einsum('ij->i', x!),
      tf.diag(y!),
      tf.diag(x!),
      tf.outerProduct(y as tf.Tensor1D, y as tf.Tensor1D),
    ],
  },
];
