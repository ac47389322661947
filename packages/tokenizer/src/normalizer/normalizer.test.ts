import { Random, TokenizerError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spaces, verbatim } from '../models.test-util';
import { fromUtf8, toUtf8 } from '../utf8';
import { type NormalizerSettings, SPACE } from '../vocabulary';
import { charMapOf, compileCharMap } from './compile-char-map';
import { Normalizer } from './normalizer';

/** Compiling it takes most of this file's time. */
const real = charMapOf('nmt_nfkc');

interface Setup {
  readonly settings: NormalizerSettings;
  readonly rules: ReadonlyMap<string, string>;
  readonly symbols: readonly string[];
  readonly suffix: boolean;
}

const normalizerOf = ({ settings, rules, symbols, suffix }: Setup) =>
  new Normalizer({ ...settings, charMap: compileCharMap(rules) }, symbols, suffix);

function normalized(normalizer: Normalizer, text: string, withOrigins = false): string | undefined {
  const source = toUtf8(text);
  normalizer.normalize(source, source.length, withOrigins);
  return fromUtf8(normalizer.bytes.subarray(0, normalizer.length));
}

/** Normalises text with these settings and nothing else. */
const plainly = (text: string, changes: Partial<NormalizerSettings> = {}, suffix = false) =>
  normalized(new Normalizer({ ...spaces, ...changes }, [], suffix), text);

/** What `Normalizer` should do, over strings and without its quick ways: the text, and the origin of each character and of the end. */
function reference(
  text: string,
  { settings, rules, symbols, suffix }: Setup,
): [text: string, origins: number[]] {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = settings;
  const space = escapeWhitespaces ? SPACE : ' ';
  const longest = (texts: Iterable<string>, at: number) =>
    [...texts]
      .filter(from => text.startsWith(from, at))
      .sort((a, b) => toUtf8(b).length - toUtf8(a).length)[0];
  const parts: { becomes: string; origin: number }[] = [];
  for (let at = 0, origin = 0; at < text.length; ) {
    const symbol = longest(symbols, at);
    const rule = symbol === undefined ? longest(rules.keys(), at) : undefined;
    const from = symbol ?? rule ?? String.fromCodePoint(text.codePointAt(at)!);
    parts.push({ becomes: rule === undefined ? from : rules.get(rule)!, origin });
    at += from.length;
    origin += toUtf8(from).length;
  }
  while (removeExtraWhitespaces && parts[0]?.becomes === ' ') parts.shift();
  if (parts.length === 0) return ['', []];
  const out: { character: string; origin: number }[] = [];
  if (addDummyPrefix && !suffix) out.push({ character: space, origin: parts[0]!.origin });
  let dropsSpaces = removeExtraWhitespaces;
  for (const { becomes, origin } of parts) {
    const kept = dropsSpaces ? becomes.replace(/^ +/, '') : becomes;
    if (kept === '') continue;
    for (const character of kept) out.push({ character: character === ' ' ? space : character, origin });
    dropsSpaces = removeExtraWhitespaces && kept.endsWith(' ');
  }
  let end = toUtf8(text).length;
  while (removeExtraWhitespaces && out.at(-1)?.character === space) end = out.pop()!.origin;
  if (addDummyPrefix && suffix) out.push({ character: space, origin: end });
  return [out.map(({ character }) => character).join(''), [...out.map(({ origin }) => origin), end]];
}

/** Few characters, so that rules meet the text; ASCII beside characters of two, three and four bytes. */
const parts = [' ', ' ', 'a', 'b', 'c', '\0', 'é', '\u0301', SPACE, 'ﬁ', '\u3000', '😀'];
const text = (maxLength: number) =>
  fc.array(fc.constantFrom(...parts), { maxLength }).map(list => list.join(''));
const source = text(3).filter(from => from !== '' && !from.includes('\0'));
const setup: fc.Arbitrary<Setup> = fc.record({
  settings: fc.record({
    name: fc.constant(''),
    charMap: fc.constant(new Uint8Array(0)),
    addDummyPrefix: fc.boolean(),
    removeExtraWhitespaces: fc.boolean(),
    escapeWhitespaces: fc.boolean(),
  }),
  rules: fc
    .array(
      fc.tuple(
        source,
        text(4).map(to => to.replaceAll('\0', '')),
      ),
      { maxLength: 6 },
    )
    .map(list => new Map(list)),
  symbols: fc.uniqueArray(source, { maxLength: 2 }),
  suffix: fc.boolean(),
});

describe('spaces', () => {
  it.each([
    ['a dummy prefix is put before a text', 'ab', {}, '▁ab'],
    ['extra spaces go', '  a   b  ', {}, '▁a▁b'],
    ['extra spaces stay where that is asked', '  a  b ', { removeExtraWhitespaces: false }, '▁▁▁a▁▁b▁'],
    ['U+2581 at the end goes, also among spaces', `a${SPACE} ${SPACE} `, {}, '▁a'],
    ['U+2581 at the beginning and inside stays', `${SPACE}a${SPACE}${SPACE}b`, {}, '▁▁a▁▁b'],
    ['U+2581 is no space where spaces are not escaped', `a${SPACE} `, { escapeWhitespaces: false }, ' a▁'],
    ['a space stays a space where that is asked', ' a  b ', { escapeWhitespaces: false }, ' a b'],
    ['other white space is no space', 'a\t\n\u3000', {}, '▁a\t\n\u3000'],
    ['the empty text stays empty', '', {}, ''],
    ['spaces alone become nothing', '   ', {}, ''],
    ['U+2581 alone becomes nothing', SPACE, {}, ''],
    ['spaces alone stay with a dummy prefix', '  ', { removeExtraWhitespaces: false }, '▁▁▁'],
    ['the empty text gets no dummy prefix', '', { removeExtraWhitespaces: false }, ''],
    ['nothing is done where nothing is asked', '  a ▁ ', verbatim, '  a ▁ '],
  ])('%s', (_, from, changes, to) => expect(plainly(from, changes)).toBe(to));

  it.each([
    ['a dummy suffix is put behind a text', 'a b', {}, 'a▁b▁'],
    ['extra spaces go before it', '  a   b  ', {}, 'a▁b▁'],
    ['extra spaces stay where that is asked', ' a ', { removeExtraWhitespaces: false }, '▁a▁▁'],
    ['none is put where none is asked', ' a ', { addDummyPrefix: false }, 'a'],
    ['the empty text gets none', '  ', {}, ''],
  ])('as suffix: %s', (_, from, changes, to) => expect(plainly(from, changes, true)).toBe(to));
});

describe('the map', () => {
  const rules = new Map([
    ['ﬁ', 'fi'],
    ['e\u0301', 'é'],
    ['a', 'A'],
    ['ab', 'x  y'],
    ['\u3000', ' '],
    ['\t', ''],
  ]);
  const given = (from: string, symbols: string[] = []) =>
    normalized(normalizerOf({ settings: spaces, rules, symbols, suffix: false }), from);

  it.each([
    ['the longest source wins', 'abac', '▁x▁▁yAc'],
    ['what was written is not read again', 'ﬁ', '▁fi'],
    ['several characters become one', 'e\u0301e', '▁ée'],
    ['what becomes a space is one', '\u3000 a\u3000 \u3000c ', '▁A▁c'],
    ['what becomes nothing is not there', '\ta\t \t c\t', '▁A▁c'],
  ])('%s', (_, from, to) => expect(given(from)).toBe(to));

  it('user-defined symbols stay as they are, the longest first', () => {
    expect(given('ﬁab\u3000a', ['ﬁ', 'a', 'ab\u3000'])).toBe('▁ﬁab\u3000a');
  });

  it('a character that becomes a hundred is right, with its origins, however often the buffer grows', () => {
    const long = 'é  '.repeat(34).slice(0, 100);
    const given = { settings: spaces, rules: new Map([['x', long]]), symbols: [], suffix: false };
    const normalizer = normalizerOf(given);
    const from = `a${'xb'.repeat(300)}é`;
    const [to, origins] = reference(from, given);
    expect(normalized(normalizer, from, true)).toBe(to);
    const bytes = [...to].flatMap((character, i) => Array(toUtf8(character).length).fill(origins[i]));
    expect(bytes.findIndex((origin, i) => normalizer.origins[i] !== origin)).toBe(-1);
  });

  it('there is room for what follows, however much longer the text became before it', () => {
    for (let length = 1; length <= 60; length++) {
      const rules = new Map([['x', 'y'.repeat(length)]]);
      const from = 'x'.repeat(300) + 'b'.repeat(300);
      const to = normalized(normalizerOf({ settings: verbatim, rules, symbols: [], suffix: false }), from);
      expect(to).toBe(from.replaceAll('x', 'y'.repeat(length)));
    }
  });

  it('holds a replacement that several sources share once', () => {
    const shared = compileCharMap(new Map(['a', 'b', 'é'].map(from => [from, 'xyz'])));
    expect(shared.length).toBe(4 + new DataView(shared.buffer).getUint32(0, true) + 'xyz\0'.length);
  });
});

describe('any text', () => {
  it('becomes what a plain reading of the rules makes of it, with the origin of every byte', () => {
    fc.assert(
      fc.property(setup, fc.array(text(20), { maxLength: 3 }), (given, texts) => {
        const normalizer = normalizerOf(given);
        for (const from of texts) {
          const [to, origins] = reference(from, given);
          expect(normalized(normalizer, from, true)).toBe(to);
          const characters = [...to];
          const bytes = characters.flatMap((character, i) =>
            Array(toUtf8(character).length).fill(origins[i]),
          );
          if (to !== '')
            expect([...normalizer.origins.subarray(0, normalizer.length + 1)]).toEqual([
              ...bytes,
              origins.at(-1),
            ]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('becomes the same with and without origins, which ascend and stand where characters begin', () => {
    const normalizers = ([[], ['ﬁ', ' a']] as const).map(symbols => [
      new Normalizer({ ...spaces, charMap: real }, symbols),
      new Normalizer({ ...spaces, charMap: real }, symbols),
    ]);
    const unicode = fc.string({ unit: 'binary', maxLength: 40 });
    const mixed = fc
      .array(fc.oneof(unicode, text(4), fc.string({ unit: 'grapheme' })), { maxLength: 6 })
      .map(list => list.join(''));
    fc.assert(
      fc.property(mixed, fc.nat(1), (from, which) => {
        const [one, other] = normalizers[which] as [Normalizer, Normalizer];
        expect(normalized(one, from, true)).toBe(normalized(other, from));
        const source = toUtf8(from);
        const origins = one.length === 0 ? [] : [...one.origins.subarray(0, one.length + 1)];
        const isBetween = (at: number) => at === source.length || (source[at]! & 0xc0) !== 0x80;
        expect(origins.every(origin => origin >= 0 && origin <= source.length && isBetween(origin))).toBe(
          true,
        );
        expect(origins.every((origin, i) => i === 0 || origins[i - 1]! <= origin)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a hostile map', () => {
  const sample = `  ﬁ ①\u00a0ｶﾞ e\u0301 ${SPACE}한 \u{1d41e}\u0341 😀\0a\u3000`;
  const small = compileCharMap(
    new Map([
      ['ﬁ', 'fi'],
      ['e\u0301', 'é'],
      ['①', '😀한'],
      [' ', ''],
    ]),
  );

  /** Refused, or a map that makes UTF-8 of any text. */
  function expectSafe(charMap: Uint8Array, texts: readonly string[]): 'refused' | 'used' {
    let normalizer: Normalizer;
    try {
      normalizer = new Normalizer({ ...spaces, charMap });
    } catch (error) {
      expect(error).toBeInstanceOf(TokenizerError);
      return 'refused';
    }
    for (const from of texts) expect(normalized(normalizer, from, true)).toBeDefined();
    return 'used';
  }

  /** Units that lead to each other at random, in circles too; where a key ends there is a value, now and then a wrong one. */
  function randomMap(random: Random): Uint8Array {
    const strings = toUtf8('\0 \0a\0😀한\0é\0');
    const right = [...strings.keys()].filter(place => (strings[place]! & 0xc0) !== 0x80);
    const bases = Array.from({ length: 4 }, () => random.integer(256));
    const units = Array.from({ length: 256 }, (_, place) => {
      const offset = place ^ random.pick(bases);
      return (offset << 10) | ((place ^ random.pick(bases)) & 0xff) | (random.integer(2) << 8);
    });
    for (const [place, unit] of units.entries())
      if (unit & 0x100) {
        const value = random.integer(400) === 0 ? random.integer(20) : random.pick(right);
        units[place ^ (unit >> 10)] = -(2 ** 31) + value;
      }
    const map = new Uint8Array(4 + 1024 + strings.length);
    const view = new DataView(map.buffer);
    for (const [i, unit] of [1024, ...units].entries()) view.setInt32(i * 4, unit, true);
    map.set(strings, 4 + 1024);
    return map;
  }

  it('made of random bytes or units is refused or makes UTF-8 of any text', () => {
    const results = { refused: 0, used: 0 };
    const units = fc.nat().map(seed => randomMap(Random.fromSeed(seed)));
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40 }), units),
        fc.string({ unit: 'binary' }),
        (map, from) => {
          results[expectSafe(map, [from, sample])]++;
        },
      ),
      { numRuns: 400 },
    );
    expect(results.used).toBeGreaterThan(50);
  });

  it('with any one bit flipped is refused or makes UTF-8 of any text', () => {
    const results = { refused: 0, used: 0 };
    const map = small.slice();
    for (let bit = 0; bit < map.length * 8; bit++) {
      map[bit >> 3]! ^= 1 << (bit & 7);
      results[expectSafe(map, [sample])]++;
      map[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(results.refused).toBeGreaterThan(100);
    expect(results.used).toBeGreaterThan(100);
  });

  it('with several bits flipped, or real and with a few, is refused or makes UTF-8 of any text', () => {
    const place = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(7));
    const flipped = (whole: Uint8Array, places: readonly (readonly [number, number])[]) => {
      const map = whole.slice();
      for (const [where, bit] of places) map[Math.floor(where * map.length)]! ^= 1 << bit;
      return map;
    };
    for (const [map, numRuns] of [
      [small, 1000],
      [real, 60],
    ] as const)
      fc.assert(
        fc.property(
          fc.array(place, { minLength: 1, maxLength: 20 }),
          fc.string({ unit: 'binary' }),
          (places, from) => {
            expectSafe(flipped(map, places), [from, sample]);
          },
        ),
        { numRuns },
      );
  });

  it.each<[string, (view: DataView, strings: number) => void]>([
    ['without units', view => view.setUint32(0, 0, true)],
    [
      'with a part of a unit',
      (view, strings) => {
        view.setUint32(0, strings - 5, true);
        view.setUint8(strings - 1, 0);
      },
    ],
    ['whose units go on behind its end', view => view.setUint32(0, 0xfffffffc, true)],
    ['without replacements', view => view.setUint32(0, view.byteLength - 4, true)],
    ['whose last replacement has no end', view => view.setUint8(view.byteLength - 1, 65)],
    ['whose replacements are not UTF-8', (view, strings) => view.setUint8(strings, 0xff)],
    [
      'with a value behind its end',
      (view, strings) => view.setInt32(8, -(2 ** 31) + view.byteLength - strings, true),
    ],
    ['with a key whose value is no value', view => view.setInt32(8, 0x100, true)],
    ['with a key whose value lies behind its end', view => view.setInt32(8, 0x100 | ((2 ** 19) << 10), true)],
  ])('%s is refused', (_, damage) => {
    const map = small.slice();
    const view = new DataView(map.buffer);
    damage(view, 4 + view.getUint32(0, true));
    expect(() => new Normalizer({ ...spaces, charMap: map })).toThrow(TokenizerError);
  });

  it('that is cut off anywhere is refused', () => {
    for (let length = 1; length < small.length; length++) {
      const result = expectSafe(small.subarray(0, length), [sample]);
      // Cut between two replacements it is a map still, if nothing points to what is lost.
      if (small[length - 1] !== 0) expect(result).toBe('refused');
    }
    expect(() => new Normalizer({ ...spaces, charMap: real.subarray(0, real.length >> 1) })).toThrow(
      TokenizerError,
    );
  });
});
