import { embedding } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { evaluate, expectGradients, type Problem } from '../fused/problem';
import { draw, filled, ints, sizeOf, type Values } from '../fused/values';

function problemOf(ids: Values, vocabulary: number, width: number): Problem {
  const { normal } = draw(`embedding ${ids.shape} ${vocabulary} ${width}`);
  return {
    inputs: { table: normal([vocabulary, width]), ids },
    run: tensors => embedding(tensors.table!, tensors.ids!),
    reference: ({ table }) =>
      Float64Array.from([...ids.data].flatMap(id => [...table!.data.slice(id * width, (id + 1) * width)])),
    by: ['table'],
    dy: normal([...ids.shape, width]),
  };
}

export function describeEmbedding(): void {
  describe.each([
    { shape: [1], vocabulary: 1, width: 1 },
    { shape: [], vocabulary: 3, width: 7 },
    { shape: [50], vocabulary: 5, width: 7 },
    { shape: [3, 17], vocabulary: 7, width: 3 },
    { shape: [2, 1, 7], vocabulary: 17, width: 1 },
    { shape: [300], vocabulary: 1000, width: 12 },
  ])('embedding of [$shape] ids, vocabulary $vocabulary, width $width', ({ shape, vocabulary, width }) => {
    const ids = draw(`ids ${shape}`).integers(shape, vocabulary);
    const problem = problemOf(ids, vocabulary, width);

    test('looks rows up, exactly', async () => {
      const { y } = await evaluate(problem, false);
      expect([...y]).toEqual([...problem.reference(problem.inputs)]);
    });

    test('sums the gradients of each row', () => expectGradients(problem, 3e-6));
  });

  describe('embedding', () => {
    test('of one id often gives its row the sum, and the other rows 0', async () => {
      const problem = problemOf(ints([9], Array(9).fill(2)), 4, 3);
      const { gradients } = await evaluate({ ...problem, dy: filled([9, 3], 0.5) });
      expect([...gradients.table!]).toEqual([0, 0, 0, 0, 0, 0, 4.5, 4.5, 4.5, 0, 0, 0]);
    });

    test('of no ids gives no rows, and a gradient of 0', async () => {
      const { y, gradients } = await evaluate(problemOf(ints([0], []), 4, 3));
      expect(y.length).toBe(0);
      expect([...gradients.table!]).toEqual(Array(sizeOf([4, 3])).fill(0));
    });
  });
}
