import { fusedKernel } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate, expectForward, expectGradients, kernelOutputs } from '../fused/problem';
import { draw, filled, sizeOf, type Values } from '../fused/values';
import { attentionCases, attentionProblem } from './cases';
import { attentionReference } from './reference';

export function describePrefixAttention(): void {
  describe.each(attentionCases)('attention: $use', testCase => {
    const problem = attentionProblem(testCase);

    test('is that of float64; what sees nothing is 0', () => expectForward(problem, 2e-6));

    // A finite difference each for a sample of the numbers: float64 attention is slow.
    const { inputs, attrs } = problem;
    const cost = sizeOf(inputs.q!.shape.slice(0, 2)) * inputs.k!.shape[1]!;
    const most = Math.max(30, Math.min(300, Math.floor(60_000 / (cost + 1))));
    test('has the gradient of finite differences', () => expectGradients(problem, 5e-6, most));

    test('saves log Σ exp of the scores, −∞ where nothing is seen', async () => {
      await evaluate(problem, false);
      const [, lse] = await kernelOutputs(fusedKernel.prefixAttention, inputs, attrs);
      expectClose(lse!, attentionReference(inputs, attrs).lse, 2e-6, 'lse');
    });
  });

  describe('attention', () => {
    const causal = attentionProblem({
      ...{ use: 'causal', queries: 11, keys: 11, keyLengths: [11], prefixLengths: [4] },
    });

    test('of scores of thousands neither overflows nor vanishes', async () => {
      const { normal } = draw('large scores');
      const shape = causal.inputs.q!.shape;
      const inputs = { ...causal.inputs, q: normal(shape, 100), k: normal(shape, 100) };
      await expectForward({ ...causal, inputs }, 1e-2);
      const { gradients } = await evaluate({ ...causal, inputs });
      expect([...gradients.q!, ...gradients.k!, ...gradients.v!].every(Number.isFinite)).toBe(true);
    });

    test('of equal scores is the mean of what is seen', async () => {
      const inputs = { ...causal.inputs, q: filled(causal.inputs.q!.shape, 0) };
      const { y } = await evaluate({ ...causal, inputs }, false);
      const seen = [...causal.inputs.v!.data].filter((_, i) => i % 16 === 0);
      const mean = (count: number) => seen.slice(0, count).reduce((sum, x) => sum + x, 0) / count;
      expectClose([y[0]!, y[3 * 16]!, y[4 * 16]!, y[10 * 16]!], [mean(4), mean(4), mean(5), mean(11)], 1e-6);
    });

    test('never lets a later token change an earlier row, bit for bit; a token of the prefix does', async () => {
      const { y: before } = await evaluate(causal, false);
      const edit = (values: Values, token: number): Values => ({
        ...values,
        data: values.data.map((x, i) => (Math.floor(i / 16) === token ? x + 1 : x)),
      });
      const changed = async (token: number) => {
        const { k, v } = causal.inputs;
        const inputs = { ...causal.inputs, k: edit(k!, token), v: edit(v!, token) };
        return (await evaluate({ ...causal, inputs }, false)).y;
      };
      for (let token = 4; token < 11; token++) {
        const after = await changed(token);
        expect(after.slice(0, token * 16), `token ${token}`).toEqual(before.slice(0, token * 16));
        expect(after.slice(token * 16, (token + 1) * 16)).not.toEqual(
          before.slice(token * 16, (token + 1) * 16),
        );
      }
      expect((await changed(3)).slice(0, 16)).not.toEqual(before.slice(0, 16));
    });

    test('gives padded keys and values no weight and no gradient, however large they are', async () => {
      const problem = attentionProblem({
        ...{ use: 'padded keys', queries: 5, keys: 7, keyLengths: [4], prefixLengths: [4] },
      });
      const from = 4 * 16;
      const huge = (values: Values): Values => ({
        ...values,
        data: values.data.map((x, i) => (i < from ? x : 1e30)),
      });
      const { k, v } = problem.inputs;
      const clean = await evaluate(problem);
      const dirty = await evaluate({ ...problem, inputs: { ...problem.inputs, k: huge(k!), v: huge(v!) } });
      expect(dirty.y).toEqual(clean.y);
      for (const name of ['k', 'v']) {
        expect(dirty.gradients[name]!.slice(0, from)).toEqual(clean.gradients[name]!.slice(0, from));
        expect(
          [...dirty.gradients[name]!.slice(from)].every(x => x === 0),
          `gradient by padded ${name}`,
        ).toBe(true);
      }
    });

    test('of no queries gives keys and values gradients of 0', async () => {
      const { gradients } = await evaluate(
        attentionProblem({ use: 'no queries', queries: 0, keys: 3, keyLengths: [3], prefixLengths: [3] }),
      );
      expect([...gradients.k!, ...gradients.v!]).toEqual(Array(96).fill(0));
    });
  });
}
