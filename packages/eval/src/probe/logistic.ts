import { crossEntropy } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { type Evaluated, type MinimizeOptions, type Minimum, minimize } from './lbfgs';

/** What a classifier is fitted to: n rows of D features, and the class of each, 0 to C − 1. */
export interface FitData {
  /** D */
  readonly width: number;
  /** `float32[n, D]` */
  readonly values: Float32Array;
  /** `int32[n]` */
  readonly classes: Int32Array;
  /** C */
  readonly count: number;
}

/** Rows that are on the backend together with their logits. */
const CHUNK = 4096;
/** What the loss may be off by, as a share: it is computed of float32. */
const NOISE = 1e-6;

/**
 * Multinomial logistic regression of rows on the backend. Its parameters are the weights `[D, C]`, row by row, then the biases `[C]`. The loss and its
 * gradient are computed in float32 on the backend and added up in float64.
 */
export class LogisticRegression {
  readonly #parts: readonly { readonly x: tf.Tensor2D; readonly classes: tf.Tensor1D }[];
  readonly #rows: number;

  constructor(readonly data: FitData) {
    const { width, values, classes } = data;
    this.#rows = classes.length;
    this.#parts = Array.from({ length: Math.ceil(this.#rows / CHUNK) }, (_, i) => {
      const own = classes.slice(i * CHUNK, (i + 1) * CHUNK);
      const from = i * CHUNK * width;
      return {
        x: tf.tensor2d(values.slice(from, from + own.length * width), [own.length, width]),
        classes: tf.tensor1d(own, 'int32'),
      };
    });
  }

  /**
   * The least of the mean cross-entropy, in nats, plus `l2` / 2 times the squared weights; the biases are not held down. That is what
   * scikit-learn's LogisticRegression finds for C = 1 / (n · l2).
   *
   * @param start parameters to begin with; default: zeros
   */
  fit(l2: number, start?: Float64Array, options: MinimizeOptions = {}): Promise<Minimum> {
    const { width, count } = this.data;
    const from = start ?? new Float64Array((width + 1) * count);
    return minimize(place => this.#evaluate(place, l2), from, { noise: NOISE, ...options });
  }

  dispose(): void {
    tf.dispose(this.#parts.flatMap(({ x, classes }) => [x, classes]));
  }

  async #evaluate(place: Float64Array, l2: number): Promise<Evaluated> {
    const { width, count } = this.data;
    const weights = width * count;
    const gradient = new Float64Array(place.length);
    let value = 0;
    const [w, b] = parametersOf(place, width, count);
    for (const { x, classes } of this.#parts) {
      const part = tf.tidy(() => {
        const weightless = tf.ones([x.shape[0]]) as tf.Tensor1D;
        const f = (w: tf.Tensor, b: tf.Tensor) =>
          tf.sum(crossEntropy(tf.add(tf.matMul(x, w as tf.Tensor2D), b), classes, weightless)) as tf.Scalar;
        return tf.valueAndGrads(f as Parameters<typeof tf.valueAndGrads>[0])([w, b]);
      });
      const [loss, dW, dB] = await Promise.all([part.value, ...part.grads].map(tensor => tensor.data()));
      tf.dispose([part.value, ...part.grads]);
      value += loss![0]! / this.#rows;
      for (let i = 0; i < weights; i++) gradient[i]! += dW![i]! / this.#rows;
      for (let i = 0; i < count; i++) gradient[weights + i]! += dB![i]! / this.#rows;
    }
    tf.dispose([w, b]);
    for (let i = 0; i < weights; i++) {
      value += (l2 / 2) * place[i]! ** 2;
      gradient[i]! += l2 * place[i]!;
    }
    return { value, gradient };
  }
}

/** Logits `float32[n, C]` of rows `float32[n, D]`, a part at a time. */
export async function logitsOf(
  place: Float64Array,
  { width, values, count }: Pick<FitData, 'width' | 'values' | 'count'>,
): Promise<Float32Array> {
  const rows = values.length / width;
  const logits = new Float32Array(rows * count);
  const [w, b] = parametersOf(place, width, count);
  for (let from = 0; from < rows; from += CHUNK) {
    const own = Math.min(CHUNK, rows - from);
    const part = tf.tidy(() => {
      const x = tf.tensor2d(values.slice(from * width, (from + own) * width), [own, width]);
      return tf.add(tf.matMul(x, w), b);
    });
    logits.set((await part.data()) as Float32Array, from * count);
    part.dispose();
  }
  tf.dispose([w, b]);
  return logits;
}

function parametersOf(place: Float64Array, width: number, count: number): [tf.Tensor2D, tf.Tensor1D] {
  const numbers = Float32Array.from(place);
  return [
    tf.tensor2d(numbers.slice(0, width * count), [width, count]),
    tf.tensor1d(numbers.slice(width * count)),
  ];
}
