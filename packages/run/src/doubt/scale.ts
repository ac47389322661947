import type { Features } from '@simvlm/model';
import { distanceOf, type Spread } from './spread';

/** What a number usually is where a caption is right. */
export interface Usual {
  readonly mean: number;
  /** Standard deviation, above 0. */
  readonly deviation: number;
}

/**
 * How a checkpoint tells what it knows from what it does not, as `doubt.json` has it. A picture is doubtful when its features are far from those of
 * pictures that the model was trained on, and when the model finds its own caption unlikely. Each is measured in standard deviations above what is
 * usual for right captions, and doubt is their sum.
 */
export interface DoubtScale {
  readonly format: 1;
  /** Where the features of training pictures lie. */
  readonly spread: Spread;
  /** Of `distanceOf`. */
  readonly distance: Usual;
  /** Of −Σ log p of the greedy caption, in nats. */
  readonly surprise: Usual;
  /** Above it the model does not know. */
  readonly limit: number;
  /** Pictures that were taught later, which are known, too. */
  readonly taught?: readonly TaughtPicture[];
  /** How the limit was found. */
  readonly measured: {
    /** Pictures that the limit was chosen on: rightly and wrongly captioned. */
    readonly right: number;
    readonly wrong: number;
    /** Shares of them with more doubt than `limit`. */
    readonly rightRefused: number;
    readonly wrongRefused: number;
  };
}

/** A picture that a model was taught after its training. */
interface TaughtPicture {
  /** `[W]` */
  readonly features: readonly number[];
  /** −Σ log p of what the model says of it, in nats: a lesson that is just learnt is said with little confidence. */
  readonly surprise: number;
}

/** What a model does not know of a picture. */
export interface Doubt {
  /** In standard deviations: 0 is usual for a right caption. */
  readonly doubt: number;
  /** There is more doubt than the checkpoint allows: the caption is a guess. */
  readonly unsure: boolean;
}

/**
 * How much a caption is to be doubted.
 *
 * @param features of its picture, `[W]`
 * @param logProb Σ log p of the caption, in nats
 */
export function doubtOf(scale: DoubtScale, features: ArrayLike<number>, logProb: number): Doubt {
  const { spread, distance, surprise, taught = [] } = scale;
  // As known as by the training, or as by the nearest lesson.
  const doubt = taught.reduce(
    (least, lesson) => {
      const away = distanceOf(spread, features, lesson.features) / distance.deviation;
      return Math.min(least, away + Math.max(0, -logProb - lesson.surprise) / surprise.deviation);
    },
    deviations(distance, distanceOf(spread, features)) + deviations(surprise, -logProb),
  );
  return { doubt, unsure: doubt > scale.limit };
}

export function deviations({ mean, deviation }: Usual, value: number): number {
  return (value - mean) / deviation;
}

/** The features of each picture. */
export function featureRows({ width, values }: Features): Float32Array[] {
  return Array.from({ length: values.length / width }, (_, row) =>
    values.slice(row * width, (row + 1) * width),
  );
}
