import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DoubleArray, HAS_VALUE, longestMatch, rootOf, step, valueAt, walk } from './double-array';
import { buildDoubleArray, type NodeRegister } from './double-array-builder';
import { SharedNodes } from './normalizer/shared-nodes';

type Entries = ReadonlyMap<string, number>;

/** Keys are written as strings whose UTF-16 units are the bytes. */
const bytesOf = (key: string) => Buffer.from(key, 'latin1');

function build(
  entries: Entries,
  register?: new (keys: readonly Uint8Array[], values: readonly number[]) => NodeRegister,
): DoubleArray {
  const keys = [...entries.keys()].map(bytesOf).sort(Buffer.compare);
  const values = keys.map(key => entries.get(key.toString('latin1'))!);
  return buildDoubleArray(keys, values, register && new register(keys, values));
}

/** The value of a whole key; −1 where it is none. */
function look(units: DoubleArray, key: string): number {
  const bytes = bytesOf(key);
  const place = walk(units, rootOf(units), bytes, 0, bytes.length - 1);
  return place < 0 ? -1 : valueAt(units, place, bytes.at(-1)!);
}

/**
 * Every key has its value; what goes on from one by a byte, what it begins with, and it with another byte do
 * not, unless keys too.
 */
function expectHolds(units: DoubleArray, entries: Entries, random: Random): void {
  const wrong: string[] = [];
  const check = (key: string) => {
    if (key !== '' && look(units, key) !== (entries.get(key) ?? -1)) wrong.push(key);
  };
  for (const key of entries.keys()) {
    check(key);
    check(key + String.fromCharCode(random.integer(256)));
    check(key.slice(0, random.integer(key.length)));
    const at = random.integer(key.length);
    check(key.slice(0, at) + String.fromCharCode(random.integer(256)) + key.slice(at + 1));
  }
  expect(wrong).toEqual([]);
}

function randomEntries(
  random: Random,
  count: number,
  longest: number,
  alphabet: number,
): Map<string, number> {
  const entries = new Map<string, number>();
  while (entries.size < count) {
    const bytes = Array.from({ length: 1 + random.integer(longest) }, () => 1 + random.integer(alphabet));
    entries.set(String.fromCharCode(...bytes), random.integer(2 ** 31));
  }
  return entries;
}

/** Few letters, so that keys share beginnings, and the bytes at the ends of the range. */
const letter = fc.oneof(
  fc.constantFrom('a', 'b', '\x01', '\xff'),
  fc.integer({ min: 1, max: 255 }).map(String.fromCharCode as (code: number) => string),
);
const word = fc.array(letter, { minLength: 1, maxLength: 12 }).map(letters => letters.join(''));
const entriesOf = fc
  .uniqueArray(fc.tuple(word, fc.oneof(fc.nat(1), fc.integer({ min: 0, max: 2 ** 31 - 1 }))), {
    selector: ([key]) => key,
    maxLength: 60,
  })
  .map(list => new Map(list));

describe('a double array', () => {
  it('has every key with its value, and nothing else', () => {
    fc.assert(
      fc.property(entriesOf, fc.array(word), (entries, others) => {
        for (const units of [build(entries), build(entries, SharedNodes)]) {
          expectHolds(units, entries, Random.fromSeed(entries.size));
          for (const other of others) expect(look(units, other)).toBe(entries.get(other) ?? -1);
        }
      }),
    );
  });

  it.each([
    ['8000 keys of all bytes', 8000, 8, 255],
    ['3000 keys of two letters, which share long beginnings', 3000, 24, 2],
  ])('has %s', (_, count, longest, alphabet) => {
    const random = Random.fromSeed(count);
    const entries = randomEntries(random, count, longest, alphabet);
    expectHolds(build(entries), entries, random);
  });

  it('has all keys of one or two bytes', () => {
    const entries = new Map<string, number>();
    for (let a = 1; a < 256; a++) {
      entries.set(String.fromCharCode(a), a);
      for (let b = 1; b < 256; b++) entries.set(String.fromCharCode(a, b), a * 256 + b);
    }
    expectHolds(build(entries), entries, Random.fromSeed(3));
  });

  it('is shorter where keys share their endings, and right', () => {
    const random = Random.fromSeed(4);
    const entries = new Map<string, number>();
    for (const beginning of randomEntries(random, 500, 6, 255).keys())
      for (const ending of ['ing', 'ings', 'ed', '']) entries.set(beginning + ending, ending.length);
    const shared = build(entries, SharedNodes);
    expectHolds(shared, entries, random);
    expect(shared.length).toBeLessThan(build(entries).length / 2);
  });

  it('has keys of 10,000 bytes', () => {
    const random = Random.fromSeed(1);
    const long = 'x'.repeat(10_000);
    const keys = [
      long,
      `${long.slice(1)}y`,
      long.slice(0, 5000),
      `${long.slice(0, 9990)}${'z'.repeat(10)}`,
      'x',
    ];
    const entries = new Map(keys.map((key, i) => [key, i]));
    expectHolds(build(entries), entries, random);
  });

  it('has nothing when there are no keys', () => {
    const units = buildDoubleArray([], []);
    for (let byte = 0; byte < 256; byte++) {
      expect(step(units, rootOf(units), byte)).toBe(-1);
      expect(valueAt(units, rootOf(units), byte)).toBe(-1);
    }
  });

  it('longestMatch is the longest key that stands there', () => {
    fc.assert(
      fc.property(entriesOf, fc.array(word, { maxLength: 8 }), fc.nat(20), (entries, words, short) => {
        const units = build(entries, SharedNodes);
        // Keys one after the other and between other words.
        const text = [...entries.keys(), ...words, ...entries.keys()].join('').slice(0, 300);
        const bytes = bytesOf(text);
        const end = Math.max(0, text.length - short);
        for (let at = 0; at <= end; at++) {
          let longest = 0;
          for (let to = at + 1; to <= end; to++) if (entries.has(text.slice(at, to))) longest = to - at;
          expect(longestMatch(units, bytes, at, end)).toBe(longest);
        }
      }),
    );
  });

  it('a zero byte leads nowhere', () => {
    // The root of keys that begin with byte 1 has its children at place 0, where the root itself stands with
    // no byte.
    const first = new Map([['\x01', 7]]);
    fc.assert(
      fc.property(fc.oneof(fc.constant(first), entriesOf), entries => {
        const units = build(entries);
        for (const key of ['', ...entries.keys()]) {
          const bytes = bytesOf(`${key}\0${key}`);
          const place = walk(units, rootOf(units), bytes, 0, key.length);
          expect(step(units, place, 0)).toBe(-1);
          expect(valueAt(units, place, 0)).toBe(-1);
          expect(walk(units, rootOf(units), bytes, 0, key.length + 1)).toBe(-1);
          expect(longestMatch(units, bytes, 0, bytes.length)).toBeLessThanOrEqual(key.length);
        }
      }),
    );
  });

  it('a zero byte leads nowhere in an array that has it for a label either', () => {
    const units = new Int32Array(256).fill(HAS_VALUE);
    expect(step(units, 7, 0)).toBe(-1);
    expect(valueAt(units, 7, 0)).toBe(-1);
  });

  /** Keys at the beginning of an array that one chain fills up to its far end before they get their children. */
  function beforeAChain(random: Random, chain: string): Map<string, number> {
    const entries = randomEntries(random, 3000, 4, 255);
    for (const key of entries.keys()) entries.set(key, random.integer(2));
    for (let first = 2; first < 256; first++) entries.set(String.fromCharCode(first, 1, 1, 1), 1);
    return entries.set(chain, 1);
  }

  /** Knows endings of a few bytes, of one key each. */
  class Endings implements NodeRegister {
    readonly #known = new Map<string, number>();
    constructor(
      readonly keys: readonly Uint8Array[],
      readonly values: readonly number[],
    ) {}
    find(begin: number, end: number, depth: number): number | undefined {
      return this.#isShort(begin, end, depth) ? this.#known.get(this.#nameOf(begin, depth)) : undefined;
    }
    add(begin: number, end: number, depth: number, base: number): void {
      if (this.#isShort(begin, end, depth)) this.#known.set(this.#nameOf(begin, depth), base);
    }
    #isShort(begin: number, end: number, depth: number): boolean {
      return end === begin + 1 && this.keys[begin]!.length < depth + 9;
    }
    #nameOf(begin: number, depth: number): string {
      return `${this.keys[begin]!.subarray(depth).join()}→${this.values[begin]}`;
    }
  }

  it.each([
    ['', undefined],
    [', also with children shared where they can be reached', Endings],
  ])('is right beyond 2^21 units, where offsets count 256s%s', (_, register) => {
    const random = Random.fromSeed(2);
    const chain = '\x01'.repeat(2 ** 21 + 2000);
    const entries = beforeAChain(random, chain);
    const units = build(entries, register);
    const isFar = (unit: number) => unit >= 0 && (unit & 0x200) !== 0;
    expect(units.filter(isFar).length).toBeGreaterThan(100);
    expect(look(units, chain)).toBe(1);
    expect(look(units, chain.slice(1))).toBe(-1);
    entries.delete(chain);
    expectHolds(units, entries, random);
    expect(longestMatch(units, bytesOf('\x07\x01\x01\x01\0'), 0, 5)).toBe(4);
  });
});
