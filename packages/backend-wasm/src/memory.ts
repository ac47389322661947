import { BackendError } from '@simvlm/core';
import { HEAP_AT } from './layout';

const PAGE = 65536;
const LINE = 64;
/** Blocks of this size and above are extents of whole granules; smaller ones come from slabs. */
const LARGE = 16384;
const GRANULE = 4096;
const SLAB = 65536;
const GROW_PAGES = 256;
/** Left free at the end, because vector loads may reach past the end of a block. */
const SLACK = 64;

/** Bytes in use by live blocks (rounded up to their size class), and bytes of the WebAssembly memory. */
export interface HeapUse {
  readonly bytesInUse: number;
  readonly bytesReserved: number;
}

/**
 * Places blocks in a WebAssembly memory, aligned to 64 bytes. Small blocks come from free lists by size class
 * (never more than a quarter larger than asked for); large ones are best-fit extents that merge when freed, so
 * that a run with ever-changing shapes does not fragment. The memory grows when nothing fits, and never shrinks.
 */
export class Allocator {
  readonly #memory: WebAssembly.Memory;
  /** Free blocks by size class. */
  readonly #small = new Map<number, number[]>();
  /** Free extents, by address; neighbours are always merged. */
  readonly #free: { at: number; bytes: number }[] = [];
  /** Live blocks: address → bytes. */
  readonly #live = new Map<number, number>();
  /** While not undefined, released blocks wait here. */
  #held: number[] | undefined;
  #end = HEAP_AT;
  #inUse = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** The address of `bytes` uninitialised bytes. Throws `BackendError` `OUT_OF_MEMORY`. */
  allocate(bytes: number): number {
    const size = roundUp(bytes);
    const at = size < LARGE ? this.#takeSmall(size) : this.#takeLarge(size);
    this.#live.set(at, size);
    this.#inUse += size;
    return at;
  }

  /** Gives a block back. Throws if there is no such block, as after a second release. */
  release(at: number): void {
    if (this.#held !== undefined) {
      this.#held.push(at);
      return;
    }
    const size = this.#live.get(at);
    if (size === undefined) throw new BackendError('BACKEND_FAILED', `no block at address ${at} to release`);
    this.#live.delete(at);
    this.#inUse -= size;
    if (size < LARGE) this.#small.get(size)!.push(at);
    else this.#giveLarge(at, size);
  }

  /** Runs `run` and gives blocks that it releases back only afterwards: their contents stay as they are meanwhile. */
  withoutReuse<T>(run: () => T): T {
    if (this.#held !== undefined) return run();
    const held: number[] = [];
    this.#held = held;
    try {
      return run();
    } finally {
      this.#held = undefined;
      for (const at of held) this.release(at);
    }
  }

  use(): HeapUse {
    return { bytesInUse: this.#inUse, bytesReserved: this.#memory.buffer.byteLength };
  }

  #takeSmall(size: number): number {
    let list = this.#small.get(size);
    if (list === undefined) this.#small.set(size, (list = []));
    if (list.length === 0) {
      const slab = this.#takeLarge(SLAB);
      for (let at = slab + Math.floor(SLAB / size) * size - size; at >= slab; at -= size) list.push(at);
    }
    return list.pop()!;
  }

  #takeLarge(size: number): number {
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const { bytes } = this.#free[i]!;
      if (bytes >= size && (best < 0 || bytes < this.#free[best]!.bytes)) best = i;
    }
    if (best < 0) {
      this.#grow(size);
      return this.#takeLarge(size);
    }
    const extent = this.#free[best]!;
    const at = extent.at;
    if (extent.bytes === size) this.#free.splice(best, 1);
    else {
      extent.at += size;
      extent.bytes -= size;
    }
    return at;
  }

  #giveLarge(at: number, bytes: number): void {
    let low = 0;
    for (let high = this.#free.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#free[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.at + before.bytes === at;
    const joinsAfter = after !== undefined && at + bytes === after.at;
    if (joinsBefore && joinsAfter) {
      before.bytes += bytes + after.bytes;
      this.#free.splice(low, 1);
    } else if (joinsBefore) before.bytes += bytes;
    else if (joinsAfter) {
      after.at = at;
      after.bytes += bytes;
    } else this.#free.splice(low, 0, { at, bytes });
  }

  /** Makes the free extent at the end of the heap at least `size` bytes long. */
  #grow(size: number): void {
    const last = this.#free.at(-1);
    const tail = last !== undefined && last.at + last.bytes === this.#end ? last.bytes : 0;
    const reserved = this.#memory.buffer.byteLength;
    const missing = this.#end + (size - tail) + SLACK - reserved;
    if (missing > 0) {
      const pages = Math.ceil(missing / PAGE);
      // A quarter at a time, so that a growing program asks seldom; just what is missing where that is refused.
      const generous = Math.max(pages, GROW_PAGES, Math.ceil(reserved / PAGE / 4));
      if (!this.#tryGrow(generous) && !this.#tryGrow(pages)) {
        throw new BackendError(
          'OUT_OF_MEMORY',
          `the wasm backend cannot allocate ${mebibytes(size)} MiB: ${mebibytes(this.#inUse)} MiB in use, ` +
            `${mebibytes(reserved)} MiB reserved of at most 4,096; use a smaller batch or model, or dispose tensors`,
        );
      }
    }
    const end = this.#memory.buffer.byteLength - SLACK;
    const at = this.#end;
    this.#end = end;
    this.#giveLarge(at, end - at);
  }

  #tryGrow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}

/** The size class of a request: multiples of 64 up to 512, then four steps to each power of two, then granules. */
function roundUp(bytes: number): number {
  if (bytes <= LINE) return LINE;
  if (bytes <= 512) return Math.ceil(bytes / LINE) * LINE;
  if (bytes >= LARGE) return Math.ceil(bytes / GRANULE) * GRANULE;
  const step = 2 ** (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
