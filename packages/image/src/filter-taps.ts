/** How pixels between pixels are made: a triangle, or Keys' cubic (1981) with a = −0.5. */
export type Filter = 'bilinear' | 'bicubic';

/** Fraction bits of a weight: bytes times weights, added up, fit 32 bits with two to spare for the overshoot of the cubic. */
export const FIXED_BITS = 22;

/** For each output pixel of one axis the input pixels that count, and by how much. */
export interface Taps {
  /** `[n]`: the first input pixel. */
  readonly first: Int32Array;
  /** `[n]`: how many. */
  readonly count: Int32Array;
  /** `[n, most]`: fixed-point weights; those of a pixel add up to 1, but for rounding. */
  readonly weights: Int32Array;
  readonly most: number;
}

interface Kernel {
  /** Reach to either side, in input pixels, where the picture does not shrink. */
  readonly support: number;
  readonly at: (distance: number) => number;
}

const A = -0.5;

const kernels: Record<Filter, Kernel> = {
  bilinear: { support: 1, at: x => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(x) {
      const d = Math.abs(x);
      if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
    },
  },
};

/** The taps that make `to` pixels of `from`. Pixel centres lie at half-integers. */
export function filterTaps(filter: Filter, from: number, to: number): Taps {
  const { support: reach, at } = kernels[filter];
  const scale = from / to;
  const widening = Math.max(1, scale);
  const support = reach * widening;
  const most = 2 * Math.ceil(support) + 1;
  const taps = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Int32Array(to * most),
    most,
  };
  const exact = new Float64Array(most);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    let total = 0;
    for (let k = 0; k < count; k++) {
      exact[k] = at((first + k - centre + 0.5) * (1 / widening));
      total += exact[k]!;
    }
    taps.first[i] = first;
    taps.count[i] = count;
    for (let k = 0; k < count; k++) taps.weights[i * most + k] = fixed(exact[k]! / total);
  }
  return taps;
}

/** Rounded to the nearest, halves away from 0. */
function fixed(weight: number): number {
  const scaled = weight * 2 ** FIXED_BITS;
  return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}
