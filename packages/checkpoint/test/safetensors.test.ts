import { CheckpointError, Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../src/index';

/** A file of any header and so many bytes of numbers. */
function file(header: unknown, bytes: number | Uint8Array = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const data = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes;
  const whole = new Uint8Array(8 + json.length + data.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(json.length), true);
  whole.set(json, 8);
  whole.set(data, 8 + json.length);
  return whole;
}

const floats = (...values: number[]) => Float32Array.from(values);
const entry = (from: number, to: number, shape = [(to - from) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

function refusal(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).code).toBe('WEIGHTS_INVALID');
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('it was read');
}

describe('reading and writing', () => {
  test('what is written is read back, bit for bit', () => {
    const tensors: [string, SafeTensor][] = [
      ['b.weight', { shape: [2, 3], values: floats(1, -0, Number.MIN_VALUE, 3.4e38, Number.NaN, -Infinity) }],
      ['a.bias', { shape: [], values: floats(0.1) }],
      ['empty', { shape: [0, 4], values: floats() }],
      ['2', { shape: [1], values: floats(7) }],
    ];
    const read = readSafetensors(writeSafetensors(tensors, { format: 'simvlm', 'ключ "1"': '{' }));
    expect(read.metadata).toEqual({ format: 'simvlm', 'ключ "1"': '{' });
    expect(read.tensors).toEqual(new Map(tensors));
  });

  test('the numbers begin at a multiple of 8 bytes and are little-endian', () => {
    const bytes = writeSafetensors([['x', { shape: [1], values: floats(1) }]]);
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(header % 8).toBe(0);
    expect([...bytes.slice(8 + header)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  test('a file is read wherever it lies in its buffer', () => {
    const bytes = writeSafetensors([['x', { shape: [2], values: floats(1, 2) }]]);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors.get('x')!.values).toEqual(floats(1, 2));
  });

  test('every float16 is written as it was read', () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter(h => (h & 0x7fff) <= 0x7c00);
    const given = file({ x: entry(0, 2 * all.length, [all.length], 'F16') }, new Uint8Array(all.buffer));
    const written = writeSafetensors(readSafetensors(given).tensors, {}, 'F16');
    expect(written.slice(-2 * all.length)).toEqual(new Uint8Array(all.buffer));
  });

  test('a number between two float16 is rounded to the nearer one, from the middle to the even one', () => {
    const ulp = 2 ** -10;
    const cases: [number, number][] = [
      [1 + ulp / 2, 0x3c00],
      [1 + (3 * ulp) / 2, 0x3c02],
      [1 + ulp / 2 + 2 ** -20, 0x3c01],
      [-(2 - ulp / 4), 0xc000],
      [2 ** -25, 0],
      [2 ** -25 + 2 ** -40, 1],
      [2 ** -14 - 2 ** -26, 0x0400],
      [65_519, 0x7bff],
      [65_520, 0x7c00],
      [-1e30, 0xfc00],
    ];
    const values = floats(...cases.map(([value]) => value));
    const written = writeSafetensors([['x', { shape: [values.length], values }]], {}, 'F16');
    const bits = new Uint16Array(written.slice(-2 * values.length).buffer);
    expect([...bits]).toEqual(cases.map(([, half]) => half));
    const nan = writeSafetensors([['x', { shape: [1], values: floats(Number.NaN) }]], {}, 'F16');
    expect(readSafetensors(nan).tensors.get('x')!.values[0]).toBeNaN();
  });

  test('F16 and BF16 become the same numbers as float32', () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555);
    const read16 = readSafetensors(file({ x: entry(0, 14, [7], 'F16') }, new Uint8Array(half.buffer)));
    expect([...read16.tensors.get('x')!.values]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      Infinity,
      -0,
      0.333251953125,
    ]);
    const brain = Uint16Array.of(0x3f80, 0xc000, 0x4049, 0xff80, 0x0001);
    const readB = readSafetensors(file({ x: entry(0, 10, [5], 'BF16') }, new Uint8Array(brain.buffer)));
    expect([...readB.tensors.get('x')!.values]).toEqual([1, -2, 3.140625, -Infinity, 2 ** -133]);
    const nan = readSafetensors(file({ x: entry(0, 2, [1], 'F16') }, Uint8Array.of(1, 0x7c)));
    expect(nan.tensors.get('x')!.values[0]).toBeNaN();
  });
});

describe('what the format forbids is refused in one line', () => {
  const good = writeSafetensors([
    ['a', { shape: [2], values: floats(1, 2) }],
    ['b', { shape: [1], values: floats(3) }],
  ]);
  const withLength = (length: bigint) => {
    const copy = good.slice();
    new DataView(copy.buffer).setBigUint64(0, length, true);
    return copy;
  };

  test.each<[string, Uint8Array, RegExp]>([
    ['fewer than eight bytes', new Uint8Array(7), /at least 8/],
    ['a header longer than the file', withLength(BigInt(good.length)), /does not fit the file/],
    ['a header of 2^64 − 1 bytes', withLength(2n ** 64n - 1n), /does not fit the file/],
    ['a header that is cut short', withLength(10n), /not JSON/],
    ['no header at all', withLength(0n), /not JSON/],
    ['a header that is no JSON', file('{"a": }'), /not JSON/],
    ['a header that is no UTF-8', fileOfBytes([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ['a header that is a list', file([]), /must be a JSON object/],
    ['a header that does not start with {', file(' {}'), /must be a JSON object that starts/],
    [
      'a key that stands twice',
      file(`{"a":${JSON.stringify(entry(0, 4))},"a":${JSON.stringify(entry(0, 4))}}`, 4),
      /"a" stands twice/,
    ],
    [
      'a key that stands twice, once with an escape',
      file(`{"a":${JSON.stringify(entry(0, 4))},"\\u0061":${JSON.stringify(entry(0, 4))}}`, 4),
      /"a" stands twice/,
    ],
    [
      'a key of a tensor that stands twice',
      file('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
      /"shape" stands twice/,
    ],
    ['metadata that are no strings', file({ __metadata__: { a: 1 } }), /__metadata__/],
    ['metadata that are null', file({ __metadata__: null }), /__metadata__/],
    ['a tensor that is no object', file({ a: 1 }), /"a" must be described by an object/],
    ['an unknown key', file({ a: { ...entry(0, 4), strides: [1] } }, 4), /unknown key "strides"/],
    [
      'a dtype that is not read',
      file({ a: entry(0, 8, [1], 'I64') }, 8),
      /dtype "I64"; readable are F32, F16, BF16/,
    ],
    ['a dtype that every object has', file({ a: entry(0, 4, [1], 'constructor') }, 4), /dtype "constructor"/],
    ['no dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /no dtype/],
    ['a negative extent', file({ a: entry(0, 4, [-1]) }, 4), /whole numbers/],
    ['half an extent', file({ a: entry(0, 4, [0.5]) }, 4), /whole numbers/],
    [
      'three offsets',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8),
      /two rising data_offsets/,
    ],
    [
      'falling offsets',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, 4),
      /two rising data_offsets/,
    ],
    ['a shape that needs more bytes', file({ a: entry(0, 4, [2]) }, 4), /needs 2 × 4 bytes/],
    ['a shape beyond all memory', file({ a: entry(0, 4, [2 ** 40, 2 ** 40]) }, 4), /needs .* bytes/],
    ['offsets beyond the file', file({ a: entry(0, 4e15, [1e15]) }, 4), /cut off/],
    [
      'a hole',
      file({ a: entry(0, 4), b: entry(8, 12) }, 12),
      /"b" begins at byte 8 where 4 was due: tensors leave a hole/,
    ],
    ['a hole at the start', file({ a: entry(4, 8) }, 8), /leave a hole/],
    [
      'an overlap',
      file({ a: entry(0, 8), b: entry(4, 12) }, 12),
      /"b" begins at byte 4 where 8 was due: tensors overlap/,
    ],
    ['a file that is cut off', good.subarray(0, good.length - 1), /cut off in "/],
    ['a file with something behind it', Uint8Array.of(...good, 0), /too long/],
  ])('%s', (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  test('a header of five million empty objects is not parsed', () => {
    const header = `{"__metadata__":[${'{},'.repeat(5_000_000)}{}]}`;
    expect(refusal(file(header))).toMatch(/its header: its \d+ characters would take more than ten times/);
  });

  test('a name of ten million characters, and lists a hundred thousand deep', () => {
    expect(refusal(file(`{"${'a'.repeat(1e7)}":1}`))).toMatch(/described by an object/);
    const deep = `${'['.repeat(1e5)}${']'.repeat(1e5)}`;
    expect(refusal(file(`{"a":{"dtype":${deep},"shape":[],"data_offsets":[0,4]}}`, 4))).toMatch(/no dtype/);
    expect(refusal(file(`{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`, 4))).toMatch(
      /whole numbers/,
    );
  });

  test('a file with changed, missing or added bytes is read as some tensors or refused, and never asks for much memory', () => {
    const random = Random.fromSeed(3);
    const original = writeSafetensors(
      [
        [
          'encoder.weight',
          { shape: [3, 2], values: Float32Array.from({ length: 6 }, () => random.normal()) },
        ],
        ['decoder.bias', { shape: [4], values: Float32Array.from({ length: 4 }, () => random.normal()) }],
      ],
      { format: 'simvlm' },
    );
    const change = fc.record({
      at: fc.nat(original.length - 1),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'drop', 'add'),
    });
    let [read, refused] = [0, 0];
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const bytes = [...original];
        for (const { at, value, kind } of changes) {
          if (kind === 'set') bytes[at] = value;
          else bytes.splice(at, kind === 'drop' ? 1 : 0, ...(kind === 'add' ? [value] : []));
        }
        try {
          const { tensors } = readSafetensors(Uint8Array.from(bytes));
          const numbers = [...tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
          expect(numbers).toBeLessThanOrEqual(bytes.length / 2);
          for (const { shape, values } of tensors.values())
            expect(shape.reduce((product, extent) => product * extent, 1)).toBe(values.length);
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
          refused++;
        }
      }),
      { numRuns: 3000, seed: 9 },
    );
    expect(read).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  });
});

function fileOfBytes(header: readonly number[]): Uint8Array {
  return Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0, ...header);
}
