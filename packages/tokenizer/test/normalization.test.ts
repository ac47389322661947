import { describe, expect, it } from 'vitest';
import {
  loadSentencePiece,
  type NormalizationRule,
  normalizationRules,
  trainBpe,
  trainUnigram,
} from '../src/index';

/** Full-width, a tab, decomposed, the full-width tilde, what has no capital, circled. */
const line = 'Ａ\tE\u0301～ß①';
const lines = [...Array<string>(20).fill('some more text'), line, line];
const results: [NormalizationRule, string][] = [
  ['nmt_nfkc', 'A É～ß1'],
  ['nfkc', 'A\tÉ~ß1'],
  ['nmt_nfkc_cf', 'a é～ß1'],
  ['nfkc_cf', 'a\té~ß1'],
  ['identity', line],
];
const options = { vocabSize: 320, byteFallback: true, characterCoverage: 1, hardVocabLimit: false };

it('there is no rule but these', () => {
  expect(results.map(([rule]) => rule)).toEqual(normalizationRules);
});

describe.each([
  { name: 'unigram', train: trainUnigram },
  { name: 'BPE', train: trainBpe },
])('$name', ({ train }) => {
  it.each(results)('%s makes %j of the text, in training and ever after', async (normalization, expected) => {
    const tokenizer = await train(lines, { ...options, normalization });
    expect(tokenizer.model.normalizer.name).toBe(normalization);
    for (const each of [tokenizer, loadSentencePiece(tokenizer.save())]) {
      expect(each.decode(each.encode(line))).toBe(expected);
      // What the text became has pieces; what it was before has none.
      const known = [...line, ...expected.replace(' ', '▁')].filter(
        character => each.idOf(character) !== undefined,
      );
      expect([...new Set(known)].sort()).toEqual([...expected.replace(' ', '▁')].sort());
    }
  });

  it('is normalised by nmt_nfkc unless it is told otherwise', async () => {
    const [byDefault, asked] = [
      await train(lines, options),
      await train(lines, { ...options, normalization: 'nmt_nfkc' }),
    ];
    expect(Buffer.from(byDefault.save()).equals(asked.save())).toBe(true);
    expect(byDefault.encode('  ｓｏｍｅ\tｔｅｘｔ ')).toEqual(byDefault.encode('some text'));
  });

  it('leaves user-defined symbols as they are', async () => {
    const tokenizer = await train(lines, { ...options, userDefinedSymbols: ['ＡＢ', '①'] });
    expect(tokenizer.encodePieces('①xＡＢ②ＡC')).toEqual(['▁', '①', 'x', 'ＡＢ', '<0x32>', 'A', '<0x43>']);
    expect(tokenizer.decode(tokenizer.encode('①xＡＢ②ＡC'))).toBe('①xＡＢ2AC');
    // Where all is ASCII and the first letter alone would stay.
    const folding = await train(lines, {
      ...options,
      normalization: 'nmt_nfkc_cf',
      userDefinedSymbols: ['xA'],
    });
    expect(folding.decode(folding.encode('xA Xa XA xa'))).toBe('xA xa xa xa');
    expect(folding.encodePieces('xA Xa').filter(piece => piece === 'xA')).toHaveLength(1);
  });
});
