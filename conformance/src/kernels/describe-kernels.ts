import { describe, it } from 'vitest';
import { withBackend } from '../with-backend';
import { arithmeticCases } from './arithmetic';
import type { Case } from './case';
import { convolutionCases } from './convolution';
import { evaluate, expectClose } from './evaluate';
import { functionCases } from './functions';
import { matrixCases } from './matrix';
import { otherCases } from './others';
import { reductionCases } from './reduction';
import { shapeCases } from './shape';

const groups: readonly (readonly [name: string, cases: readonly Case[]])[] = [
  ['arithmetic', arithmeticCases],
  ['functions', functionCases],
  ['reductions', reductionCases],
  ['matrix products', matrixCases],
  ['convolutions and pooling', convolutionCases],
  ['movement', shapeCases],
  ['the rest', otherCases],
];

/**
 * The standard tfjs kernels on `backendName` against tfjs's CPU backend, forward and gradient. `ready` registers the
 * backend; the one that was current before comes back afterwards.
 */
export function describeKernels(backendName: string, ready: () => Promise<void>): void {
  describe(`standard kernels on ${backendName} equal the CPU backend's`, () => {
    withBackend(backendName, ready);
    for (const [group, cases] of groups) {
      describe(group, () => {
        for (const testCase of cases) {
          it(testCase.name, async () => {
            const expected = await evaluate('cpu', testCase);
            const actual = await evaluate(backendName, testCase);
            expectClose(actual, expected, testCase.tolerance ?? 1e-5);
          });
        }
      });
    }
  });
}
