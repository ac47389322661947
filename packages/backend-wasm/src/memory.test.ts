import { BackendError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEAP_AT } from './layout';
import { Allocator } from './memory';

const PAGE = 65536;
/** Vector loads may reach this far past the end of a block. */
const SLACK = 64;

/** A WebAssembly memory that only counts, so that thousands of heaps cost nothing. */
function countingMemory(pages = 1, maximum = 65536) {
  const buffer = { byteLength: pages * PAGE };
  const memory = {
    buffer,
    grow(more: number) {
      if (buffer.byteLength / PAGE + more > maximum) throw new RangeError('maximum memory size exceeded');
      buffer.byteLength += more * PAGE;
    },
  };
  return memory as unknown as WebAssembly.Memory;
}

/** Requests as programs make them: small, about a page, megabytes, and the odd empty one. */
const request = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 500, max: 20_000 }),
  fc.integer({ min: 16_000, max: 3_000_000 }),
);
/** Allocate this many bytes, or release the live block with this number (modulo how many there are). */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: request.map(bytes => ({ bytes })) },
    { weight: 2, arbitrary: fc.nat(1000).map(release => ({ release })) },
  ),
  { maxLength: 80 },
);
type Step = { bytes: number } | { release: number };

/** Runs the steps; `check` sees the live blocks (address → bytes asked for) after each. */
function play(
  heap: Allocator,
  program: readonly Step[],
  check: (live: ReadonlyMap<number, number>) => void = () => {},
): Map<number, number> {
  const live = new Map<number, number>();
  for (const step of program) {
    if ('bytes' in step) {
      const at = heap.allocate(step.bytes);
      expect(live.has(at), 'a live block handed out again').toBe(false);
      live.set(at, step.bytes);
    } else if (live.size > 0) {
      const at = [...live.keys()][step.release % live.size]!;
      heap.release(at);
      live.delete(at);
    }
    check(live);
  }
  return live;
}

describe('the heap', () => {
  test('hands out blocks that are aligned, inside of the memory, and never overlap', () => {
    fc.assert(
      fc.property(steps, program => {
        const memory = countingMemory();
        play(new Allocator(memory), program, live => {
          let end = HEAP_AT;
          for (const [at, bytes] of [...live].sort(([a], [b]) => a - b)) {
            expect(at % 64).toBe(0);
            expect(at).toBeGreaterThanOrEqual(end);
            end = at + bytes;
          }
          expect(end + SLACK).toBeLessThanOrEqual(memory.buffer.byteLength);
        });
      }),
    );
  });

  test('counts what is in use: all of it, at most a quarter more, and a line or granule a block', () => {
    fc.assert(
      fc.property(steps, program => {
        const heap = new Allocator(countingMemory());
        play(heap, program, live => {
          const asked = [...live.values()];
          const { bytesInUse } = heap.use();
          const most = asked.reduce(
            (sum, bytes) => sum + (bytes < 16_000 ? bytes * 1.25 + 64 : bytes + 4096),
            0,
          );
          expect(bytesInUse).toBeGreaterThanOrEqual(asked.reduce((sum, bytes) => sum + bytes, 0));
          expect(bytesInUse).toBeLessThanOrEqual(most);
        });
      }),
    );
  });

  test('is empty again once every block is released', () => {
    fc.assert(
      fc.property(steps, program => {
        const heap = new Allocator(countingMemory());
        for (const at of play(heap, program).keys()) heap.release(at);
        expect(heap.use().bytesInUse).toBe(0);
      }),
    );
  });

  test('merges released extents: one block as large as all of the memory fits without growing', () => {
    const large = fc.integer({ min: 16_384, max: 3_000_000 }).map(bytes => ({ bytes }));
    const program = fc.array(
      fc.oneof(
        large,
        fc.nat(1000).map(release => ({ release })),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(program, given => {
        const memory = countingMemory(64);
        const heap = new Allocator(memory);
        for (const at of play(heap, given).keys()) heap.release(at);
        const { bytesReserved } = heap.use();
        const whole = Math.floor((bytesReserved - SLACK - HEAP_AT) / 4096) * 4096;
        expect(heap.allocate(whole)).toBe(HEAP_AT);
        expect(heap.use().bytesReserved).toBe(bytesReserved);
      }),
    );
  });

  test('uses released small blocks again: sizes in turn do not make it grow', () => {
    const heap = new Allocator(countingMemory());
    const round = () => {
      const blocks = Array.from({ length: 200 }, (_, i) => heap.allocate(1 + i * 80));
      for (const at of blocks) heap.release(at);
    };
    round();
    const { bytesReserved } = heap.use();
    for (let i = 0; i < 100; i++) round();
    expect(heap.use()).toEqual({ bytesInUse: 0, bytesReserved });
  });

  test('refuses to release a block twice, or one that it never gave', () => {
    const heap = new Allocator(countingMemory());
    const at = heap.allocate(100);
    heap.release(at);
    for (const address of [at, 12_345]) {
      expect(() => heap.release(address)).toThrow(
        expect.objectContaining({ code: 'BACKEND_FAILED', message: expect.stringContaining(`${address}`) }),
      );
    }
  });

  test('keeps what is released in `withoutReuse` until its end, also where that throws', () => {
    const heap = new Allocator(countingMemory());
    const at = heap.allocate(100);
    expect(() =>
      heap.withoutReuse(() => {
        heap.release(at);
        heap.withoutReuse(() => expect(heap.allocate(100)).not.toBe(at));
        expect(heap.allocate(100)).not.toBe(at);
        throw new Error('a kernel failed');
      }),
    ).toThrow('a kernel failed');
    expect(heap.allocate(100)).toBe(at);
  });
});

describe('a heap that is full', () => {
  test('says so as a BackendError in one line, and goes on with what it has', () => {
    const heap = new Allocator(new WebAssembly.Memory({ initial: 1, maximum: 64 }));
    const kept = heap.allocate(1_000_000);
    const before = heap.use();
    const attempt = () => heap.allocate(4_000_000);
    expect(attempt).toThrow(BackendError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    expect(attempt).toThrow(/^the wasm backend cannot allocate 3\.8 MiB: 1\.0 MiB in use[^\n]+$/);
    expect(heap.use()).toEqual(before);
    expect(heap.allocate(2_000_000)).toBeGreaterThan(kept);
  });

  test('grows by just what is missing where the platform refuses more', () => {
    const memory = countingMemory(1, 40);
    const heap = new Allocator(memory);
    heap.allocate(38 * PAGE);
    expect(memory.buffer.byteLength).toBeLessThanOrEqual(40 * PAGE);
  });

  test('throws nothing but OUT_OF_MEMORY, whatever is asked of it, and holds what it held', () => {
    fc.assert(
      fc.property(steps, program => {
        const heap = new Allocator(countingMemory(1, 100));
        const live: number[] = [];
        for (const step of program) {
          const before = heap.use().bytesInUse;
          try {
            if ('bytes' in step) live.push(heap.allocate(step.bytes));
            else if (live.length > 0) heap.release(live.splice(step.release % live.length, 1)[0]!);
          } catch (error) {
            expect(error).toMatchObject({ code: 'OUT_OF_MEMORY' });
            expect(heap.use().bytesInUse).toBe(before);
          }
        }
        for (const at of live) heap.release(at);
        expect(heap.use().bytesInUse).toBe(0);
      }),
    );
  });
});
