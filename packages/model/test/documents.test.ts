import { beforeAll, describe, expect, test } from 'vitest';
import {
  architectures,
  backends,
  largestDifference,
  livelyModel,
  lossAndGradients,
  tinyBatch,
  useBackend,
} from './tiny';

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(architectures)(
    '%s: a document without a prefix, as causal language modelling has it, is learnt from its own tokens alone',
    architecture => {
      const model = livelyModel({ architecture });
      const rows = [{ text: [5, 6, 7, 8] }, { text: [9] }];
      const alone = lossAndGradients(model, tinyBatch(rows, { images: false }));
      expect(model.lossTokens(tinyBatch(rows, { images: false }))).toBe(7);
      expect(Number.isFinite(alone.loss)).toBe(true);
      for (const [name, gradient] of alone.gradients)
        expect(gradient.every(Number.isFinite), name).toBe(true);
      // Beside a row with a prefix the encoder has places, which this row does not see.
      const both = tinyBatch([...rows, { text: [4, 5, 6], prefix: 2 }], { images: false });
      const other = tinyBatch([{ text: [4, 5, 6], prefix: 2 }], { images: false });
      const [a, b] = [both, other].map(batch => lossAndGradients(model, batch));
      const [all, rest] = [9, 2];
      expect(a!.loss * all).toBeCloseTo(alone.loss * (all - rest) + b!.loss * rest, 3);
      for (const [name, gradient] of a!.gradients) {
        const sum = alone.gradients
          .get(name)
          .map((value, i) => (value * (all - rest) + b!.gradients.get(name)[i]! * rest) / all);
        expect(largestDifference(gradient, sum), name).toBeLessThan(1e-4);
      }
      model.dispose();
    },
  );
});
