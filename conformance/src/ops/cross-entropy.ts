import { crossEntropy, fusedKernel } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate, expectForward, expectGradients, kernelOutputs, type Problem } from '../fused/problem';
import { draw, filled, floats, ints, type ValueMap, type Values } from '../fused/values';

function lossOf({ logits, labels, weights }: ValueMap, labelSmoothing: number) {
  const [rows, vocabulary] = logits!.shape as [number, number];
  const loss = new Float64Array(rows);
  const lse = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = logits!.data.slice(r * vocabulary, (r + 1) * vocabulary);
    const largest = Math.max(...row);
    lse[r] = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    row.forEach((x, c) => {
      const target = (c === labels!.data[r] ? 1 - labelSmoothing : 0) + labelSmoothing / vocabulary;
      loss[r]! += weights!.data[r]! * target * (lse[r]! - x);
    });
  }
  return { loss, lse };
}

function problemOf(inputs: ValueMap & { logits: Values }, labelSmoothing: number): Problem {
  const rows = inputs.logits.shape[0]!;
  return {
    inputs,
    run: ({ logits, labels, weights }) => crossEntropy(logits!, labels!, weights!, { labelSmoothing }),
    reference: values => lossOf(values, labelSmoothing).loss,
    by: ['logits'],
    dy: draw(`loss of ${rows}`).normal([rows]),
  };
}

export function describeCrossEntropy(): void {
  describe.each([
    { rows: 1, vocabulary: 1, labelSmoothing: 0 },
    { rows: 3, vocabulary: 1, labelSmoothing: 0.1 },
    { rows: 6, vocabulary: 5, labelSmoothing: 0.1 },
    { rows: 17, vocabulary: 7, labelSmoothing: 0.5 },
    { rows: 50, vocabulary: 33, labelSmoothing: 0 },
    { rows: 3, vocabulary: 301, labelSmoothing: 0.05 },
  ])(
    'cross-entropy of $rows rows of $vocabulary, smoothing $labelSmoothing',
    ({ rows, vocabulary, labelSmoothing }) => {
      const { normal, integers } = draw(`cross-entropy ${rows} ${vocabulary}`);
      const weights = floats(
        [rows],
        Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? 0 : 0.5 + i)),
      );
      const problem = problemOf(
        { logits: normal([rows, vocabulary], 4), labels: integers([rows], vocabulary), weights },
        labelSmoothing,
      );

      test('is that of float64', () => expectForward(problem, 3e-6));

      test('has the gradient of finite differences', () => expectGradients(problem, 5e-6));

      test('saves log Σ exp of each row', async () => {
        await evaluate(problem, false);
        const [, lse] = await kernelOutputs(fusedKernel.crossEntropy, problem.inputs, { labelSmoothing });
        expectClose(lse!, lossOf(problem.inputs, labelSmoothing).lse, 1e-6, 'lse');
      });
    },
  );

  describe('cross-entropy', () => {
    test.each([0, 0.1])(
      'of a row of weight 0 costs nothing, whatever stands in it (smoothing %d)',
      async labelSmoothing => {
        const problem = problemOf(
          {
            logits: floats([2, 4], [Number.NaN, 1, 2, 3, 0, 0, 0, 0]),
            labels: ints([2], [-100, 1]),
            weights: floats([2], [0, 2]),
          },
          labelSmoothing,
        );
        const { y, gradients } = await evaluate({ ...problem, dy: filled([2], 1) });
        expect(y[0]).toBe(0);
        expect(y[1]).toBeCloseTo(2 * Math.log(4), 6);
        expect([...gradients.logits!.slice(0, 4)].map(Math.abs)).toEqual([0, 0, 0, 0]);
        const target = [0, 1, 0, 0].map(hit => hit * (1 - labelSmoothing) + labelSmoothing / 4);
        expectClose(
          gradients.logits!.slice(4),
          target.map(t => 2 * (0.25 - t)),
          1e-6,
        );
      },
    );

    test('is exact for logits of −∞ and of ±10,000; a logit that is not a number is not hidden', async () => {
      const rows = [
        [Number.NEGATIVE_INFINITY, 0, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
        [10_000, -10_000, 0, 9_999, 1],
        [Number.NaN, 0, 0, 0, 0],
      ];
      const inputs = {
        logits: floats([3, 5], rows.flat()),
        labels: ints([3], [1, 0, 1]),
        weights: filled([3], 1),
      };
      const { y, gradients } = await evaluate({ ...problemOf(inputs, 0), dy: filled([3], 1) });
      expect(y[0]).toBeCloseTo(Math.LN2, 6);
      expect(y[1]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 2);
      expect(y[2]).toBeNaN();
      expectClose(gradients.logits!.slice(0, 5), [0, -0.5, 0.5, 0, 0], 1e-6);
    });

    test('of no rows is no loss', async () => {
      const inputs = { logits: filled([0, 7], 0), labels: ints([0], []), weights: filled([0], 1) };
      const { y, gradients } = await evaluate(problemOf(inputs, 0.1));
      expect([y.length, gradients.logits!.length]).toEqual([0, 0]);
    });
  });
}
