/** The value of a function and its gradient at a place. */
export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface MinimizeOptions {
  /** Iterations at most; default 500. */
  readonly iterations?: number;
  /** It is done when no part of the gradient is larger; default 1e-5. */
  readonly gradientTolerance?: number;
  /** It is done, too, when ten iterations make the value less by no more than this share; default 1e-7. */
  readonly valueTolerance?: number;
  /** Share of the value that its computation may be off by: a step that seems to rise by less is no failure. Default 1e-12. */
  readonly noise?: number;
  /** Is called before each evaluation, and may throw. */
  readonly onEvaluation?: () => void;
}

export interface Minimum extends Evaluated {
  readonly place: Float64Array;
  readonly iterations: number;
  /** Whether it ended for another reason than `iterations`. */
  readonly converged: boolean;
}

/** Pairs of steps and changes of the gradient that the direction is made of. */
const MEMORY = 10;
/** Iterations over which the value must have become less. */
const WINDOW = 10;
/** Evaluations of a line search at most. */
const TRIES = 20;
/** Wolfe's conditions: how much of the promised descent a step must bring, and how flat it must end. */
const [DESCENT, FLATNESS] = [1e-4, 0.9];

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (step · change) */
  readonly rho: number;
}

/**
 * The least value of a smooth function by L-BFGS (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5): the direction by the two-loop
 * recursion over the last ten steps, the length of a step by bisection until it meets Wolfe's conditions (Lewis and Overton, 2013).
 *
 * @param evaluate must give finite numbers at `start`
 */
export async function minimize(
  evaluate: (place: Float64Array) => Promise<Evaluated>,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { iterations = 500, gradientTolerance = 1e-5, valueTolerance = 1e-7 } = options;
  const counted = (place: Float64Array) => {
    options.onEvaluation?.();
    return evaluate(place);
  };
  const pairs: Pair[] = [];
  let place = start;
  let here = await counted(place);
  const values = [here.value];
  for (let iteration = 0; ; iteration++) {
    const before = values.at(-1 - WINDOW);
    const isFlat = before !== undefined && before - here.value <= valueTolerance * Math.abs(before);
    const converged = isFlat || largest(here.gradient) <= gradientTolerance;
    if (converged || iteration === iterations) return { ...here, place, iterations: iteration, converged };
    const direction = directionOf(here.gradient, pairs);
    // Of the curvature nothing is known at first: a step of length 1 at most.
    const first = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(direction, direction))) : 1;
    const found = await searchLine(counted, { place, here, direction, first, noise: options.noise ?? 1e-12 });
    // As near as the numbers allow.
    if (!found) return { ...here, place, iterations: iteration, converged: true };
    const step = minus(found.place, place);
    const change = minus(found.at.gradient, here.gradient);
    const curvature = dot(step, change);
    if (curvature > 1e-10 * dot(change, change)) {
      pairs.push({ step, change, rho: 1 / curvature });
      if (pairs.length > MEMORY) pairs.shift();
    }
    place = found.place;
    here = found.at;
    values.push(here.value);
  }
}

/** −H g, H the approximate inverse of the second derivatives. */
function directionOf(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map(value => -value);
  const alphas: number[] = [];
  for (const { step, change, rho } of [...pairs].reverse()) {
    const alpha = rho * dot(step, q);
    add(q, -alpha, change);
    alphas.push(alpha);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (const { step, change, rho } of pairs) add(q, alphas.pop()! - rho * dot(change, q), step);
  return q;
}

interface Line {
  readonly place: Float64Array;
  readonly here: Evaluated;
  readonly direction: Float64Array;
  /** The step to begin with. */
  readonly first: number;
  readonly noise: number;
}

/** A step that meets Wolfe's conditions; undefined where no step makes the value less. */
async function searchLine(
  evaluate: (place: Float64Array) => Promise<Evaluated>,
  { place, here, direction, first, noise }: Line,
): Promise<{ readonly place: Float64Array; readonly at: Evaluated } | undefined> {
  const slope = dot(here.gradient, direction);
  if (!(slope < 0)) return undefined;
  const allowed = noise * Math.abs(here.value);
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, first];
  let best: { readonly place: Float64Array; readonly at: Evaluated } | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const next = place.slice();
    add(next, length, direction);
    const at = await evaluate(next);
    const promised = here.value + DESCENT * length * slope;
    if (!(at.value <= promised + allowed)) high = length;
    else if (dot(at.gradient, direction) < FLATNESS * slope) {
      low = length;
      best = { place: next, at };
    } else return { place: next, at };
    length = Number.isFinite(high) ? (low + high) / 2 : 2 * low;
  }
  return best;
}

function add(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * from[i]!;
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
