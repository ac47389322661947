import { type ProcessGroup, Random } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** More than one bucket holds: 25 MiB. */
const MANY = 7 << 20;

/** What a process gives: of every kind that is unlike the others, with numbers that tell the processes apart. */
export function tensorsOf(rank: number): tf.Tensor[] {
  const own = 10 ** rank;
  return tf.tidy(() => [
    tf.scalar(own),
    tf.mul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), own),
    tf.zeros([0, 4]),
    tf.mul(tf.transpose(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])), own), // not contiguous before it is multiplied
    tf.tensor1d([own, -own], 'int32'),
    tf.fill([MANY], own),
    tf.broadcastTo(tf.tensor1d([own]), [2, 2]),
  ]);
}

/** Their numbers, of the large one the first and the last. They are freed. */
export async function numbersOf(tensors: readonly tf.Tensor[]): Promise<number[][]> {
  const numbers = await Promise.all(
    tensors.map(async tensor => {
      const values = await tensor.data();
      return values.length === MANY ? [values[0]!, values[MANY - 1]!] : [...values];
    }),
  );
  tf.dispose([...tensors]);
  return numbers;
}

/** Numbers of every size and sign, others in each process. */
export function manyNumbers(rank: number): Float32Array {
  const random = Random.fromSeed(1 + rank);
  return Float32Array.from({ length: 3000 }, () => random.normal() * 10 ** (random.integer(9) - 4));
}

/** Their sum over the processes, as bfloat16 travels. */
export async function compressedSum(group: ProcessGroup<tf.Tensor>): Promise<number[]> {
  const given = tf.tensor1d(manyNumbers(group.rank));
  const [sum] = await group.allReduce([given], { precision: 'bfloat16' }).finally(() => given.dispose());
  const numbers = [...(await sum!.data())];
  sum!.dispose();
  return numbers;
}
