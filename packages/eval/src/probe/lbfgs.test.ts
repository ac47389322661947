import { describe, expect, test } from 'vitest';
import { minimize } from './lbfgs';

/** The least is 0 at (1, 1), at the end of a bent valley. */
async function rosenbrock([x, y]: Float64Array) {
  const [a, b] = [1 - x!, y! - x! * x!];
  return { value: a * a + 100 * b * b, gradient: Float64Array.of(-2 * a - 400 * x! * b, 200 * b) };
}

/** Σ c (x − 1)², c from 1 to 10,000. */
async function bowl(place: Float64Array) {
  const curvature = (i: number) => 10 ** ((4 * i) / (place.length - 1));
  return {
    value: place.reduce((sum, x, i) => sum + curvature(i) * (x - 1) ** 2, 0),
    gradient: place.map((x, i) => 2 * curvature(i) * (x - 1)),
  };
}

describe('L-BFGS', () => {
  test('goes through the valley of Rosenbrock to its end', async () => {
    const found = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { valueTolerance: 0 });
    expect(found.converged).toBe(true);
    expect(found.iterations).toBeLessThan(60);
    expect(found.place[0]).toBeCloseTo(1, 5);
    expect(found.place[1]).toBeCloseTo(1, 5);
  });

  test('knows the curvature: a bowl 10,000 times steeper one way than another takes far less than gradient descent', async () => {
    const options = { valueTolerance: 0, gradientTolerance: 1e-6 };
    const found = await minimize(bowl, new Float64Array(40), { ...options, iterations: 1000 });
    expect(found.value).toBeLessThan(1e-10);
    // Gradient descent needs some 10,000 · ln(10⁶) / 2 steps; SciPy's L-BFGS-B, too, needs 764.
    expect(found.iterations).toBeLessThan(1000);
  });

  test('a minimum stays where it is', async () => {
    const found = await minimize(bowl, new Float64Array(3).fill(1));
    expect(found).toMatchObject({ iterations: 0, converged: true, value: 0 });
  });

  test('too few iterations are told', async () => {
    const found = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { iterations: 3 });
    expect(found).toMatchObject({ iterations: 3, converged: false });
  });

  test('a value that is off by a little does not stop it far from the minimum', async () => {
    let turn = 0;
    const noisy = async (place: Float64Array) => {
      const { value, gradient } = await bowl(place);
      // The value can never be known better than to a millionth of 100.
      return { value: 100 + value + (turn++ % 2) * 5e-5, gradient };
    };
    const options = { noise: 1e-6, valueTolerance: 0, gradientTolerance: 1e-6 };
    const found = await minimize(noisy, new Float64Array(10), options);
    expect(Math.max(...found.place.map(x => Math.abs(x - 1)))).toBeLessThan(1e-5);
  });

  test('an aborted search gives up with the reason', async () => {
    const abort = new AbortController();
    const onEvaluation = () => abort.signal.throwIfAborted();
    abort.abort(new Error('enough'));
    await expect(minimize(bowl, new Float64Array(2), { onEvaluation })).rejects.toThrow('enough');
  });
});
