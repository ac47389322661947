import { describe, it } from 'vitest';
import { withBackend } from '../with-backend';
import { arithmeticCases } from './arithmetic';
import type { Case } from './case';
import { complexCases } from './complex';
import { convolutionCases } from './convolution';
import { emptyCases } from './empty';
import { evaluate, expectClose } from './evaluate';
import { functionCases } from './functions';
import { imageCases } from './images';
import { integerCases } from './integers';
import { lookupCases } from './lookup';
import { matrixCases } from './matrix';
import { otherCases } from './others';
import { reductionCases } from './reduction';
import { scanCases } from './scans';
import { shapeCases } from './shape';
import { volumeCases } from './volumes';

const groups: readonly (readonly [name: string, cases: readonly Case[]])[] = [
  ['arithmetic', arithmeticCases],
  ['functions', functionCases],
  ['reductions', reductionCases],
  ['matrix products', matrixCases],
  ['convolutions and pooling', convolutionCases],
  ['movement', shapeCases],
  ['the rest', otherCases],
  ['int32 and bool', integerCases],
  ['scans, sorting and counting', scanCases],
  ['gathering and scattering', lookupCases],
  ['images', imageCases],
  ['channels first, groups and volumes', volumeCases],
  ['complex numbers and named axes', complexCases],
  ['empty tensors', emptyCases],
];

/**
 * The standard tfjs kernels on `backendName` against tfjs's CPU backend, or what is right where that is wrong, forward and
 * gradient. `ready` registers the backend; the one that was current before comes back afterwards.
 *
 * @param leftOut cases that the backend does not support, by name, with the reason
 */
export function describeKernels(
  backendName: string,
  ready: () => Promise<void>,
  leftOut: Readonly<Record<string, string>> = {},
): void {
  const known = new Set(groups.flatMap(([, cases]) => cases.map(({ name }) => name)));
  for (const name of Object.keys(leftOut))
    if (!known.has(name)) throw new Error(`describeKernels: there is no case "${name}" to leave out`);
  describe(`standard kernels on ${backendName} equal the CPU backend's`, () => {
    withBackend(backendName, ready);
    for (const [group, cases] of groups) {
      describe(group, () => {
        for (const testCase of cases) {
          const reason = leftOut[testCase.name];
          if (reason !== undefined) {
            it.skip(`${testCase.name}: ${reason}`);
            continue;
          }
          it(testCase.name, async () => {
            const { run, right = run, tolerance = 1e-5 } = testCase;
            const expected = await evaluate('cpu', { ...testCase, run: right });
            const actual = await evaluate(backendName, testCase);
            expectClose(actual, expected, tolerance);
          });
        }
      });
    }
  });
}
