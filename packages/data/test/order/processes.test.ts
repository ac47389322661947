import type { SampleSource } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayDataset, datasetSource, partsSource } from '../../src/index';
import { pairs } from '../fixture';
import { Group } from './group';
import { numbers } from './numbers';

/** A source of at least 4 records, with all its keys. */
interface Case {
  readonly open: () => SampleSource;
  readonly keys: readonly string[];
  readonly name: string;
}

const partCases = fc
  .tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([counts, isCounted]): Case => {
    const parts = [4, ...counts];
    return {
      open: () => partsSource('numbers', numbers(parts, { isCounted })),
      keys: parts.flatMap((count, part) => Array.from({ length: count }, (_, row) => `${part}:${row}`)),
      name: `parts of ${parts}`,
    };
  });
const datasetCases = fc.integer({ min: 4, max: 30 }).map(
  (length): Case => ({
    open: () => datasetSource(arrayDataset(pairs(length))),
    keys: pairs(length).map(({ id }) => id),
    name: `a data set of ${length}`,
  }),
);
const shuffles = fc.constantFrom<number | false | undefined>(undefined, false, 1, 3, 8);
const sizes = fc.integer({ min: 1, max: 4 });
const sorted = (keys: readonly string[] = []) => [...keys].sort();

/** So many draws of one of the processes. */
const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(7)), { maxLength: 8 });

describe.each([
  ['parts', partCases],
  ['a data set', datasetCases],
] as const)('%s', (_, cases) => {
  test('any number of processes, each in its own time: every record of an epoch comes to exactly one of them', async () => {
    await fc.assert(
      fc.asyncProperty(cases, sizes, shuffles, async ({ open, keys }, size, shuffle) => {
        const group = new Group(open(), size, shuffle);
        await group.finish(2);
        for (const epoch of [0, 1, 2]) expect(sorted(group.epochs[epoch])).toEqual(sorted(keys));
      }),
      { numRuns: 60 },
    );
  });

  test('ended at any point and begun again with any number of processes, twice and more: nothing twice, nothing left out', async () => {
    const phases = fc.array(fc.tuple(sizes, steps), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cases, shuffles, phases, async ({ open, keys }, shuffle, phases) => {
        let group: Group | undefined;
        for (const [size, steps] of phases) {
          group = new Group(open(), size, shuffle, group);
          for (const [rank, count] of steps) await group.draw(rank % size, count);
        }
        const last = group!.epochs.length + 1;
        await group!.finish(last);
        for (let epoch = 0; epoch <= last; epoch++)
          expect(sorted(group!.epochs[epoch])).toEqual(sorted(keys));
      }),
      { numRuns: 150 },
    );
  });

  test('as many processes as before go on as if they had never been ended', async () => {
    await fc.assert(
      fc.asyncProperty(cases, sizes, shuffles, steps, steps, async ({ open }, size, shuffle, first, then) => {
        const ended = new Group(open(), size, shuffle);
        const whole = new Group(open(), size, shuffle);
        for (const [rank, count] of first) {
          await ended.draw(rank % size, count);
          await whole.draw(rank % size, count);
        }
        const resumed = new Group(open(), size, shuffle, ended);
        for (const [rank, count] of then) {
          await resumed.draw(rank % size, count);
          await whole.draw(rank % size, count);
        }
        expect(ended.drawn.map((keys, rank) => [...keys, ...resumed.drawn[rank]!])).toEqual(whole.drawn);
      }),
      { numRuns: 60 },
    );
  });
});

test('a step has the same examples of a data set whatever the number of processes', async () => {
  const source = () => datasetSource(arrayDataset(pairs(14)), { weight: i => 0.5 + (i % 3) });
  const steps = async (size: number) => {
    const group = new Group(source(), size, undefined);
    for (let step = 0; step < 12; step++)
      for (let rank = 0; rank < size; rank++) await group.draw(rank, 12 / size);
    return Array.from({ length: 12 }, (_, step) =>
      group.drawn.flatMap(own => own.slice((step * 12) / size, ((step + 1) * 12) / size)).sort(),
    );
  };
  expect(await steps(2)).toEqual(await steps(1));
  expect(await steps(3)).toEqual(await steps(1));
});

test('fewer records than processes is an error for a process without one, not a hang', async () => {
  const group = new Group(partsSource('numbers', numbers([1, 1])), 3, undefined);
  await expect(group.draw(0, 1)).rejects.toThrow('no records for process 0 of 3');
  await group.draw(2, 5);
});
