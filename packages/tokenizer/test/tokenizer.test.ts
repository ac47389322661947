import { isSimVlmError } from '@simvlm/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, trainUnigram, type UnigramTokenizer } from '../src/index';

const animals = ['cat', 'dog', 'fox', 'owl', 'bear', 'tiger', 'zebra', 'horse'];
const lines = animals.flatMap(animal =>
  ['red', 'green', 'blue', 'striped', 'spotted'].flatMap(colour =>
    ['face', 'running', 'sleeping', 'with a hat'].map(what => `the ${colour} ${animal} ${what}`),
  ),
);

let tokenizer: UnigramTokenizer;
beforeAll(async () => {
  tokenizer = await trainUnigram(lines, { vocabSize: 44 });
});

describe('a trained tokenizer', () => {
  it('has the vocabulary size that was asked for, and four different special tokens', () => {
    expect(tokenizer.vocabSize).toBe(44);
    expect(new Set(Object.values(tokenizer.special)).size).toBe(4);
  });

  it('gives back every line, and never uses a special token for known characters', () => {
    for (const line of lines) {
      const ids = tokenizer.encode(line);
      expect(tokenizer.decode(ids)).toBe(line);
      expect([...ids].every(id => id > 3)).toBe(true);
    }
  });

  it('learns the frequent words as one piece', () => {
    expect(tokenizer.encodePieces('the striped dog running')).toEqual([
      '▁the',
      '▁striped',
      '▁dog',
      '▁running',
    ]);
  });

  it('is the same for the same lines', async () => {
    const again = await trainUnigram(lines, { vocabSize: 44 });
    expect(again.save()).toEqual(tokenizer.save());
  });

  it('reads an async iterable as it reads an array', async () => {
    async function* slowly() {
      yield* lines;
    }
    expect((await trainUnigram(slowly(), { vocabSize: 44 })).save()).toEqual(tokenizer.save());
  });

  it('encodes the same after saving and loading', () => {
    const loaded = loadTokenizer(tokenizer.save());
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
      }),
    );
  });

  it('writes unknown characters in a row as one unknown token', () => {
    const ids = [...tokenizer.encode('cat 漢字 dog')];
    expect(ids.filter(id => id === tokenizer.special.unk)).toHaveLength(1);
    expect(tokenizer.encodePieces('cat 漢字').at(-1)).toBe('漢字');
  });

  it('skips control tokens when it decodes', () => {
    const { bos, eos, pad } = tokenizer.special;
    expect(tokenizer.decode([bos, ...tokenizer.encode('red fox'), eos, pad, pad])).toBe('red fox');
  });

  it('makes nothing of the empty text, and of spaces only', () => {
    expect(tokenizer.encode('')).toHaveLength(0);
    expect(tokenizer.encode('   ')).toHaveLength(0);
    expect(tokenizer.decode([])).toBe('');
  });

  it('normalises compatibility characters (NFKC) and spaces', () => {
    expect(tokenizer.encode('  ｒｅｄ   fox ')).toEqual(tokenizer.encode('red fox'));
  });

  it('names an id that is outside the vocabulary', () => {
    expect(() => tokenizer.decode([5, 44])).toThrow('id 44 is outside the vocabulary of 44');
  });
});

describe('options of training', () => {
  it('byte fallback spells any text, and gives it back', async () => {
    const bytes = await trainUnigram(lines, { vocabSize: 340, byteFallback: true, hardVocabLimit: false });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const expected = text
          .replace(/\p{Surrogate}/gu, '\uFFFD')
          .normalize('NFKC')
          .replace(/ {2,}/g, ' ')
          .replace(/^ | $/g, '')
          .replaceAll('▁', ' ');
        expect(bytes.decode(bytes.encode(text))).toBe(expected);
      }),
    );
  });

  it('a user-defined symbol is always one piece, also after loading', async () => {
    const trained = await trainUnigram([...lines, 'a <mask> here'], {
      vocabSize: 46,
      userDefinedSymbols: ['<mask>'],
    });
    for (const each of [trained, loadTokenizer(trained.save())])
      expect(each.encodePieces('the<mask>dog <mask>').filter(piece => piece === '<mask>')).toHaveLength(2);
  });

  it('characters beyond the coverage get no piece', async () => {
    const most = await trainUnigram([...lines, 'ж'], { vocabSize: 45, characterCoverage: 0.999 });
    expect([...most.encode('ж')]).toContain(most.special.unk);
    const all = await trainUnigram([...lines, 'ж'], { vocabSize: 45, characterCoverage: 1 });
    expect([...all.encode('ж')]).not.toContain(all.special.unk);
  });

  it.each([
    [[], { vocabSize: 44 }, 'no text'],
    [lines, { vocabSize: 10 }, 'vocabSize 10 is too small'],
    [lines, { vocabSize: 5000 }, 'too large for this text'],
    [lines, { vocabSize: 44, coverage: 1 }, 'unknown key "coverage"'],
    [lines, { vocabSize: 44, characterCoverage: 2 }, '"characterCoverage" must be'],
    [lines, {}, 'needs "vocabSize"'],
  ])('refuses what cannot work with one line that says why (%#)', async (text, options, message) => {
    const error = await trainUnigram(text, options as never).catch(cause => cause);
    expect(isSimVlmError(error)).toBe(true);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });
});

describe('a damaged model file', () => {
  it('is refused with a typed error, or is a model that still works: whatever bytes change', () => {
    const good = tokenizer.save();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? good.slice(0, at) : good.slice();
        if (!cut) bytes[at] = value;
        try {
          loadTokenizer(bytes).encode('the red fox');
        } catch (error) {
          expect(isSimVlmError(error), String(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is named: not a model, no pieces', () => {
    expect(() => loadTokenizer(new TextEncoder().encode('{"version": 1}'))).toThrow(
      /not a usable SentencePiece model/,
    );
    expect(() => loadTokenizer(new Uint8Array(0))).toThrow(/it has no pieces/);
  });
});
