import { philox4x32 } from '@simvlm/core';
import { dropout } from '@simvlm/ops';
import { describe, expect, test } from 'vitest';
import { evaluate, type Problem } from '../fused/problem';
import { draw, filled, ints, sizeOf, type Values } from '../fused/values';

/** What is kept, one number at a time: 16 bits a draw, the words of a counter in their order, the low half first. */
function keptOf(shape: readonly number[], seeds: Values, rate: number, site: number): boolean[] {
  const perRow = sizeOf(shape.slice(1));
  const words = new Uint32Array(4);
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [row, place] = [Math.floor(i / perRow), i % perRow];
    philox4x32(words, [place >> 3, site, 0, 0], [seeds.data[2 * row]! >>> 0, seeds.data[2 * row + 1]! >>> 0]);
    const word = words[(place & 7) >> 1]!;
    return (place & 1 ? word >>> 16 : word & 0xffff) >= Math.round(rate * 65_536);
  });
}

function problemOf(x: Values, seeds: Values, rate: number, site: number): Problem {
  const scale = Math.fround(65_536 / (65_536 - Math.round(rate * 65_536)));
  return {
    inputs: { x, seeds },
    run: tensors => dropout(tensors.x!, tensors.seeds!, { rate, site }),
    reference: ({ x: given }) => {
      const kept = keptOf(x.shape, seeds, rate, site);
      return given!.data.map((value, i) => (kept[i] ? Math.fround(value * scale) : 0));
    },
    by: ['x'],
    dy: draw(`dy ${x.shape}`).normal(x.shape),
  };
}

/** Seeds with every bit in use. */
const seedsOf = (rows: number): Values =>
  ints(
    [rows, 2],
    draw(`seeds ${rows}`)
      .integers([rows, 2], 2 ** 32)
      .data.map(word => word | 0),
  );

export function describeDropout(): void {
  describe('dropout', () => {
    test.each([
      { shape: [1], rate: 0.5, site: 0 },
      { shape: [5], rate: 0.3, site: 1 },
      { shape: [3, 8], rate: 0.1, site: 7 },
      { shape: [2, 5, 7], rate: 0.9, site: 2 ** 32 - 1 },
      { shape: [4, 33, 16], rate: 0.25, site: 2 ** 31 },
      { shape: [3, 4, 5, 6], rate: 0.1, site: 12_345 },
    ])(
      'of $shape at $rate drops what the counters say, and so does its gradient',
      async ({ shape, rate, site }) => {
        const { normal } = draw(`dropout ${shape}`);
        const problem = problemOf(normal(shape), seedsOf(shape[0]!), rate, site);
        const { y, gradients } = await evaluate(problem);
        expect([...y]).toEqual([...problem.reference(problem.inputs)]);
        expect([...gradients.x!]).toEqual([...problem.reference({ x: problem.dy })]);
      },
    );

    test('at 0 is the identity, to the bit', async () => {
      const x = draw('dropout at 0').normal([3, 10]);
      const { y } = await evaluate(problemOf(x, seedsOf(3), 0, 3));
      expect([...y]).toEqual([...x.data]);
    });

    test('drops what is no number, too', async () => {
      const { y } = await evaluate(problemOf(filled([4, 50], Number.NaN), seedsOf(4), 0.5, 3), false);
      const kept = keptOf([4, 50], seedsOf(4), 0.5, 3);
      expect([...y].map(Number.isNaN)).toEqual(kept);
    });

    test('keeps the expectation, and the share that it says, in every place', async () => {
      const rows = 4000;
      const { y } = await evaluate(problemOf(filled([rows, 16], 1), seedsOf(rows), 0.2, 11), false);
      for (let place = 0; place < 16; place++) {
        const column = Array.from({ length: rows }, (_, row) => y[row * 16 + place]!);
        const dropped = column.filter(value => value === 0).length / rows;
        const mean = column.reduce((sum, value) => sum + value, 0) / rows;
        // Five standard deviations: 5 · √(0.2 · 0.8 / 4000), and that through 0.8.
        expect(Math.abs(dropped - 0.2), `place ${place}`).toBeLessThan(0.032);
        expect(Math.abs(mean - 1), `place ${place}`).toBeLessThan(0.04);
      }
    });

    test('of a row does not depend on its neighbours, nor on what follows in it', async () => {
      const seeds = seedsOf(3);
      const long = await evaluate(problemOf(filled([3, 6, 5], 1), seeds, 0.4, 9), false);
      const last = ints([1, 2], seeds.data.slice(4));
      const short = await evaluate(problemOf(filled([1, 4, 5], 1), last, 0.4, 9), false);
      expect([...short.y]).toEqual([...long.y.slice(60, 80)]);
    });

    test('at another site, or with another seed, drops others', async () => {
      const of = async (site: number, seed: number) => {
        const seeds = ints([1, 2], [seed, 0]);
        return [...(await evaluate(problemOf(filled([1, 400], 1), seeds, 0.5, site), false)).y];
      };
      const [first, site, seed] = [await of(1, 1), await of(2, 1), await of(1, 2)];
      for (const other of [site, seed]) {
        const same = other.filter((value, i) => value === first[i]).length;
        expect(Math.abs(same - 200)).toBeLessThan(50);
      }
    });
  });
}
