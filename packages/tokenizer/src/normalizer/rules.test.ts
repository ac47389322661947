import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterRules, normalizationRules } from './rules';

const maps = Object.fromEntries(normalizationRules.map(rule => [rule, characterRules(rule)]));
const {
  nfkc,
  nmt_nfkc: nmt,
  nfkc_cf: folding,
  nmt_nfkc_cf: nmtFolding,
  identity,
} = maps as Record<(typeof normalizationRules)[number], Map<string, string>>;

/** The longest source at each position is replaced: a reference in as few words as possible. */
function rewrite(rules: ReadonlyMap<string, string>, text: string, longest = 4): string {
  const characters = [...text];
  let result = '';
  while (characters.length > 0) {
    let length = Math.min(longest, characters.length);
    while (length > 1 && !rules.has(characters.slice(0, length).join(''))) length--;
    const source = characters.splice(0, length).join('');
    result += rules.get(source) ?? source;
  }
  return result;
}

/** Pairs of source and target, as a model of Debian's spm_train 0.1.97 has them; ∅ stands for no rule. */
function facts(text: string): [string, string | undefined][] {
  return text.split(' | ').map(fact => {
    const [from, to] = fact.split('→');
    return [from!, to === '∅' ? undefined : to];
  });
}

/** All characters but the surrogates. */
const everyCharacter = Array.from({ length: 0x110000 - 0x800 }, (_, i) =>
  String.fromCodePoint(i < 0xd800 ? i : i + 0x800),
);

describe('nfkc', () => {
  it.each([
    // One character.
    ...facts(
      'Ａ→A | ﬁ→fi | ①→1 | ㌀→アパート | ﾊ→ハ | \u00a0→  | …→... | \u212a→K | \u212b→\u00c5 | \u00b5→\u03bc',
    ),
    ...facts('ſ→s | ϐ→β | \u1e9b→\u1e61 | \u1fbe→ι | \uff5e→~ | \u{1d400}→A | \ufdfa→صلى الله عليه وسلم'),
    // A composition exclusion comes apart.
    ...facts('\u0958→\u0915\u093c'),
    // Several characters that compose, in each of their spellings.
    ...facts('e\u0301→\u00e9 | か\u3099→\u304c | ｶﾞ→\u30ac | ㋕ﾞ→\u30ac | ﾊ\u309a→\u30d1 | ｅ\u0301→\u00e9'),
    ...facts('\u{1d41e}\u0341→\u00e9 | u\u0308\u0304→\u01d6 | \u03b1\u0313\u0301\u0345→\u1f84'),
    ...facts('\u1112\u1161\u11ab→\ud55c | ㅎㅏ→\ud558 | ﾾￂ\u11ab→\ud55c | ㉭ㅏ→\ud558'),
    // What is written with one character already lets no further mark join it.
    ...facts('\u00e9→∅ | \u00ea\u0301→∅ | \ud558\u11ab→∅'),
    // Shorter rules write the same.
    ...facts('ｱﾊﾟｰﾄ→∅ | \uff46\u0301→∅ | A→∅ | \t→∅ | \u0001→∅ | \u200b→∅ | \ufffd→∅'),
  ])('%j → %j', (from, to) => expect(nfkc.get(from)).toBe(to));

  it('one character becomes its NFKC', () => {
    const wrong = everyCharacter.filter(character => {
      const form = character.normalize('NFKC');
      return nfkc.get(character) !== (form === character ? undefined : form);
    });
    expect(wrong).toEqual([]);
  });

  it('is NFKC where each character has at most one that joins it, and none that is written with it already', () => {
    // A character joins what stands before it if its decomposition begins with a mark or with what a
    // composite ends in. Between two characters of which the second does not join, NFKC never composes or
    // reorders and no source reaches across. A character and one that joins it, each with a decomposition of
    // one character, are one composite or stay two; every composite of two has its rule. With two marks, or
    // with one on é, NFKC sorts and composes what no rule foresees.
    const decomposed = everyCharacter.map(character => [...character.normalize('NFKD')]);
    const seconds = new Set(
      decomposed
        .filter(form => form.length > 1 && form.join('') !== form.join('').normalize('NFC'))
        .flatMap(form => form.slice(1)),
    );
    const joins = (form: readonly string[]) => /\p{M}/u.test(form[0]!) || seconds.has(form[0]!);
    const among = (test: (form: readonly string[]) => boolean) => {
      const all = everyCharacter.filter((_, i) => test(decomposed[i]!));
      const changing = all.filter(character => character.normalize('NFKD') !== character);
      const pick = (list: readonly string[]) => fc.nat(list.length - 1).map(i => list[i]!);
      return fc.oneof(pick(changing), pick(all));
    };
    const free = among(form => !joins(form));
    const base = among(form => form.length === 1 && !joins(form));
    const joining = among(form => form.length === 1 && joins(form));
    // Two at random seldom compose.
    const letter = fc.constantFrom(...'aeiouAEIOUｅゕかカｶﾊαωи');
    const accent = fc.constantFrom(...'\u0300\u0301\u0302\u0303\u0306\u0308\u0340\u0345\u3099\u309aﾞﾟ');
    const pair = fc.tuple(fc.oneof(letter, base), fc.oneof(accent, joining)).map(both => both.join(''));
    const cluster = fc.oneof(free, pair);
    fc.assert(
      fc.property(fc.array(cluster, { maxLength: 12 }), clusters => {
        const text = clusters.join('');
        expect(rewrite(nfkc, text)).toBe(text.normalize('NFKC'));
      }),
      { numRuns: 2000 },
    );
  });

  it('composes Hangul in every spelling of its letters, and drops what shorter rules write', () => {
    let hangul = 0;
    for (const [from, to] of nfkc) {
      const length = [...from].length;
      if (length > 1 && /^[가-힣]$/.test(to)) hangul++;
      if (length > 1 && rewrite(nfkc, from, length - 1) === to) expect.fail(`${from} → ${to} is redundant`);
    }
    // 19 initials have 71 spellings, 21 vowels 63, 27 finals 45: as letters, compatible, half-width and
    // circled ones.
    expect(hangul).toBe(71 * 63 * (1 + 45));
    const spellings = ['ᄀㄱ㉠ﾡ', 'ᅡㅏￂ', 'ᆪㄳﾣ'].map(texts => [...texts]);
    for (const initial of spellings[0]!)
      for (const vowel of spellings[1]!)
        for (const final of spellings[2]!) expect(nfkc.get(initial + vowel + final)).toBe('갃');
  });
});

it('nmt_nfkc is nfkc with more white space, fewer controls and the full-width tilde', () => {
  const spaces = [
    9, 10, 12, 13, 0x1680, 0x200b, 0x200c, 0x200e, 0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd,
  ];
  const dropped = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    11,
    ...Array.from({ length: 18 }, (_, i) => 14 + i),
    127,
    143,
    159,
  ];
  const expected = new Map(nfkc);
  for (const code of spaces) expected.set(String.fromCodePoint(code), ' ');
  for (const code of dropped) expected.set(String.fromCodePoint(code), '');
  expected.delete('\uff5e');
  expect(nmt).toEqual(expected);
});

describe('folding', () => {
  it.each([
    ...facts(
      'A→a | ẞ→ß | ß→∅ | ς→σ | Σ→σ | ſ→s | \u212a→k | \u212b→\u00e5 | \u2126→\u03c9 | \u00b5→\u03bc | ϐ→β',
    ),
    ...facts('\u03f4→θ | \u0130→∅ | ı→∅ | \u0149→\u02bcn | ǅ→d\u017e | \u1e9b→\u1e61 | \u1fbe→ι | \u0345→ι'),
    ...facts(
      '\u1f88→\u1f80 | \u1f80→∅ | \u13a0→∅ | \uab70→\u13a0 | \u13f8→\u13f0 | \u1c90→\u10d0 | \u10a0→\u2d00',
    ),
    ...facts('\u1c80→\u0432 | \u{10400}→\u{10428} | Ⓐ→a | E\u0301→\u00e9 | ㎅→kb'),
  ])('%j → %j', (from, to) => {
    expect(folding.get(from)).toBe(to);
    expect(nmtFolding.get(from)).toBe(to);
  });

  it('makes equal what a regular expression without regard to case calls equal, and nothing else', () => {
    const fold = (character: string) => folding.get(character) ?? character;
    for (const character of everyCharacter) {
      if (nfkc.has(character)) continue;
      const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
      for (const other of [lower, upper, upper.toLowerCase(), fold(character)]) {
        if (other === character || [...other].length > 1 || nfkc.has(other)) continue;
        const same = new RegExp(`^${character}$`, 'iu').test(other);
        expect([character, other, fold(character) === fold(other)]).toEqual([character, other, same]);
      }
    }
  });
});

it('has the sizes of SentencePiece and what newer versions of Unicode add', () => {
  expect(normalizationRules).toEqual(['nmt_nfkc', 'nfkc', 'nmt_nfkc_cf', 'nfkc_cf', 'identity']);
  expect(identity.size).toBe(0);
  // SentencePiece 0.1.97 with Unicode 13 has 224,682 and 225,995; Unicode 17 brings 550 and 645 more.
  expect(nfkc.size).toBeGreaterThanOrEqual(224_682);
  expect(nfkc.size).toBeLessThan(226_500);
  expect(folding.size - nfkc.size).toBeGreaterThanOrEqual(225_995 - 224_682);
  expect(folding.size - nfkc.size).toBeLessThan(1_600);
  expect(nmtFolding.size - folding.size).toBe(nmt.size - nfkc.size);
});
