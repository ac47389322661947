import { type BatchSource, DataError, type Example, Random } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayDataset, datasetSource, exampleStream, prefetch, stepSource } from '../../src/index';
import { documents, pairs } from '../fixture';

interface Options {
  readonly count?: number;
  readonly batchSize?: number;
  readonly share?: { readonly rank: number; readonly size: number };
  readonly row?: (example: Example) => string;
}

/** Ids of pairs and of documents, and what was drawn for each. */
function steps({ count = 11, batchSize = 4, share = { rank: 0, size: 1 }, row }: Options = {}) {
  const random = Random.fromSeed(1);
  const of = (name: string, examples: readonly Example[]) => ({
    stream: exampleStream({
      source: datasetSource(arrayDataset(examples)),
      ...{
        random: random.fork(name),
        length: examples.length,
        identity: `${name} ${examples.length}`,
        share,
      },
    }),
    row: (drawn: { example: Example; random: Random }) =>
      `${(row ?? (({ id }) => id))(drawn.example)} ${drawn.random.fork('prefix').uint32()}`,
    batches: (rows: string[]) => [rows],
  });
  return stepSource<string, string[]>([
    { ...of('pairs', pairs(count)), batchSize },
    { ...of('documents', documents(5)), batchSize: 1 },
  ]);
}

async function take(source: BatchSource<string[]>, count: number): Promise<string[][]> {
  const rows: string[][] = [];
  for (let i = 0; i < count; i++) rows.push((await source.next()).flat());
  return rows;
}

test('the rows of several processes are those of one; their numbers differ by one at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      async (count, size, batchSize) => {
        const whole = await take(steps({ count, batchSize }), 8);
        const parts = await Promise.all(
          Array.from({ length: size }, (_, rank) =>
            take(steps({ count, batchSize, share: { rank, size } }), 8),
          ),
        );
        for (const [step, rows] of whole.entries()) {
          const each = parts.map(part => part[step]!);
          expect(each.flat().sort()).toEqual([...rows].sort());
          const lengths = each.map(({ length }) => length);
          // Of each of two streams by one.
          expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(2);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a process without rows in a step has no batch, and the next step all the same', async () => {
  const source = steps({ batchSize: 1, share: { rank: 2, size: 3 } });
  const rows = await take(source, 6);
  expect(rows.map(({ length }) => length)).toEqual([0, 0, 2, 0, 0, 2]);
});

test.each([1, 2, 3])('%i processes go on at the very row, each from the places of all', async size => {
  const make = () =>
    Array.from({ length: size }, (_, rank) => prefetch(steps({ share: { rank, size } }), rank));
  for (const before of [0, 1, 5]) {
    const processes = make();
    for (const source of processes) await take(source, before);
    const states = JSON.parse(JSON.stringify(processes.map(source => source.state())));
    const following = await Promise.all(processes.map(source => take(source, 5)));
    const again = make();
    for (const [rank, source] of again.entries()) {
      await take(source, 2);
      source.restore(states);
      expect(source.state()).toEqual(states[rank]);
    }
    expect(await Promise.all(again.map(source => take(source, 5)))).toEqual(following);
  }
});

test.each([
  [1, 2],
  [2, 1],
  [2, 3],
  [3, 2],
])('with %i processes and then %i each step has the rows that it has in one', async (before, after) => {
  const processes = (size: number) =>
    Array.from({ length: size }, (_, rank) => steps({ share: { rank, size } }));
  const together = async (sources: readonly BatchSource<string[]>[], count: number) => {
    const parts = await Promise.all(sources.map(source => take(source, count)));
    return Array.from({ length: count }, (_, step) => parts.flatMap(part => part[step]!).sort());
  };
  const whole = await together(processes(1), 15);
  const [first, second, third] = [processes(before), processes(after), processes(before)];
  expect(await together(first, 5)).toEqual(whole.slice(0, 5));
  for (const source of second) source.restore(first.map(each => each.state()));
  expect(await together(second, 4)).toEqual(whole.slice(5, 9));
  for (const source of third) source.restore(second.map(each => each.state()));
  expect(await together(third, 6)).toEqual(whole.slice(9));
});

test('an example whose row cannot be made is replaced and reported', async () => {
  const source = steps({
    row({ id }) {
      if (id === 'pair-3') throw new DataError('DATA_INVALID', 'no label');
      return id;
    },
  });
  const rows = (await take(source, 12)).flat();
  expect(rows).toHaveLength(12 * 5);
  expect(rows.some(row => row.startsWith('pair-3 '))).toBe(false);
  expect(source.skipped()).toMatchObject({ count: 1, reasons: ['example pair-3: no label'] });
});

test('an epoch is one of the first stream, and identity is that of all', () => {
  expect(steps()).toMatchObject({ stepsPerEpoch: 3, identity: 'pairs 11\ndocuments 5' });
});

test('places of processes that stand at different steps, or none at all, are refused', async () => {
  const source = steps();
  const early = source.state();
  await source.next();
  expect(() => source.restore([early, source.state()])).toThrow('processes stand at step 1 and at step 0');
  expect(() => source.restore([])).toThrow(DataError);
});
