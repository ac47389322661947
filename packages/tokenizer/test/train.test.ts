import { Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadSentencePiece,
  pieceType,
  type TrainingOptions,
  type TrainingProgress,
  trainBpe,
  trainUnigram,
} from '../src/index';
import { LEAST, letters, lines, texts, trainers, trainOnce } from './train-cases';

const character = fc
  .oneof(fc.nat(0x7f), fc.nat(0x10ffff - 0x800))
  .map(code => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));

/** What is left of spaces by default. */
const tidy = (text: string) => text.replace(/ {2,}/g, ' ').replace(/^ | $/g, '');

describe.each(trainers)('$name', ({ name, train }) => {
  const modelOf = trainOnce(train);

  it('has exactly as many pieces as were asked for, from the characters alone to all that the text gives', async () => {
    const { vocabSize: most } = await modelOf({ vocabSize: 5000, hardVocabLimit: false });
    expect(most).toBeGreaterThan(LEAST + 15);
    for (let vocabSize = LEAST; vocabSize <= most; vocabSize++) {
      const tokenizer = await modelOf({ vocabSize });
      expect(tokenizer.vocabSize).toBe(vocabSize);
      expect(new Set(texts(tokenizer)).size).toBe(vocabSize);
      expect(texts(tokenizer)).toEqual(expect.arrayContaining(['▁', ...letters]));
    }
  });

  it('begins with padding, unknown, beginning and end', async () => {
    const { special, model } = await modelOf();
    expect(special).toEqual({ pad: 0, unk: 1, bos: 2, eos: 3 });
    const { control, unknown } = pieceType;
    expect(model.pieces.slice(0, 4).map(({ text, type }) => [text, type])).toEqual([
      ['<pad>', control],
      ['<unk>', unknown],
      ['<s>', control],
      ['</s>', control],
    ]);
  });

  it('learns the frequent words as one piece', async () => {
    const tokenizer = await modelOf(name === 'BPE' ? { vocabSize: 200, hardVocabLimit: false } : {});
    expect(tokenizer.encodePieces('the striped dog running')).toEqual([
      '▁the',
      '▁striped',
      '▁dog',
      '▁running',
    ]);
  });

  it('gives the same bytes for the same lines and options', async () => {
    const options: TrainingOptions = {
      vocabSize: 44,
      normalization: 'identity',
      userDefinedSymbols: ['<m>'],
    };
    const [first, second] = [await train(lines, options), await train([...lines], { ...options })];
    expect(first.save()).toEqual(second.save());
    const other = await train([...lines, 'zebra zebra'], options);
    expect(other.save()).not.toEqual(first.save());
  });

  it('reads an async iterable and a generator as it reads an array', async () => {
    async function* slowly() {
      for (const line of lines) {
        await null;
        yield line;
      }
    }
    function* quickly() {
      yield* lines;
    }
    const bytes = (await modelOf()).save();
    for (const source of [slowly(), quickly(), new Set(lines)])
      expect((await train(source, { vocabSize: 44, normalization: 'identity' })).save()).toEqual(bytes);
  });

  it('gives the same ids after saving and loading', async () => {
    for (const options of [
      {},
      { vocabSize: 300, byteFallback: true, userDefinedSymbols: ['<m>'], controlSymbols: ['<c>'] },
    ]) {
      const tokenizer = await modelOf(options);
      const loaded = loadSentencePiece(tokenizer.save());
      expect(loaded.model).toEqual(tokenizer.model);
      const part = fc.oneof(
        fc.constantFrom(...letters, ' ', '<m>', '<c>', 'the ', ' zebra'),
        fc.string({ unit: 'grapheme' }),
      );
      fc.assert(
        fc.property(fc.array(part), parts => {
          expect(loaded.encode(parts.join(''))).toEqual(tokenizer.encode(parts.join('')));
        }),
      );
    }
  });

  it('decodes what it encoded: the same text, spaces put in order, for characters that it knows', async () => {
    const tokenizer = await modelOf();
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...letters, ' ', ' ', ' '), maxLength: 60, size: 'max' }),
        text => {
          const ids = tokenizer.encode(text);
          expect(tokenizer.decode(ids)).toBe(tidy(text));
          expect([...ids].every(id => id > 3)).toBe(true);
        },
      ),
    );
    for (const line of lines) expect(tokenizer.decode(tokenizer.encode(line))).toBe(line);
  });

  it('writes characters that it does not know as one unknown token', async () => {
    const tokenizer = await modelOf();
    const pieces = tokenizer.encodePieces('cat 漢字 dog');
    expect(pieces).toContain('漢字');
    expect([...tokenizer.encode('cat 漢字 dog')].filter(id => id === 1)).toHaveLength(1);
  });

  it('spells any well-formed text by bytes where it is told to, and gives it back', async () => {
    const tokenizer = await modelOf({ vocabSize: 300, byteFallback: true });
    expect(texts(tokenizer)).toEqual(expect.arrayContaining(['<0x00>', '<0x41>', '<0xFF>']));
    const part = fc.oneof(
      fc.string({ unit: character }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('  ', ' the ', 'fox\n'),
    );
    fc.assert(
      fc.property(fc.array(part), parts => {
        // U+2581 is a space to the original, and cannot be told from one.
        const text = parts.join('').replaceAll('▁', '');
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(tidy(text));
        expect([...ids]).not.toContain(1);
      }),
      { numRuns: 150 },
    );
  });

  it('a user-defined symbol is one piece wherever it stands', async () => {
    // With letters before and behind, at both ends, twice, one inside another. BPE cuts at them first; of a unigram model it is true
    // where no other piece has a part of the symbol.
    const symbols = ['<mask>', '<m>', '火', ...(name === 'BPE' ? ['ab', 'er'] : [])];
    const text = [...lines, 'a <mask> here', '<m>the<mask>', '火'];
    const options = { vocabSize: LEAST + 18, hardVocabLimit: false, userDefinedSymbols: symbols };
    const tokenizer = await modelOf(options, text);
    const split = new RegExp(symbols.join('|'), 'g');
    for (const each of [tokenizer, loadSentencePiece(tokenizer.save())]) {
      const part = fc.oneof(
        fc.constantFrom(...symbols),
        fc.constantFrom(...letters, ' ', 'the', 'zebra', '<', '>', 'mask'),
      );
      fc.assert(
        fc.property(fc.array(part, { maxLength: 20, size: 'max' }), parts => {
          const text = parts.join('');
          const found = each.encodePieces(text).filter(piece => symbols.includes(piece));
          expect(found).toEqual(text.match(split) ?? []);
          expect(each.decodePieces(each.encodePieces(text))).toBe(tidy(text));
        }),
      );
    }
    expect(symbols.map(symbol => tokenizer.idOf(symbol))).toEqual(symbols.map((_, i) => 4 + i));
  });

  it('a control symbol never comes from text, and decoding leaves it out', async () => {
    const controlSymbols = ['<c>', '[SEP]'];
    const tokenizer = await modelOf(
      { vocabSize: 310, byteFallback: true, controlSymbols, hardVocabLimit: false },
      [...lines, 'a <c> b [SEP] <s> </s>'],
    );
    const control = controlSymbols.map(symbol => tokenizer.idOf(symbol)!);
    expect(control).toEqual([4, 5]);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<c>', '[SEP]', '<s>', '</s>', '<pad>', '<unk>', 'the', ' ', 'c')),
        parts => {
          const ids = [...tokenizer.encode(parts.join(''))];
          expect(ids.every(id => id > 5)).toBe(true);
          expect(tokenizer.decode(ids.flatMap(id => [id, ...control, 0, 2, 3]))).toBe(tidy(parts.join('')));
        },
      ),
    );
  });

  it('takes an option that is undefined for one that is absent', async () => {
    const options: Record<keyof TrainingOptions, undefined> | object = {
      characterCoverage: undefined,
      byteFallback: undefined,
      userDefinedSymbols: undefined,
      controlSymbols: undefined,
      maxPieceLength: undefined,
      hardVocabLimit: undefined,
      maxLines: undefined,
      seed: undefined,
      onProgress: undefined,
    };
    expect((await train(lines, { vocabSize: 44, normalization: 'identity', ...options })).save()).toEqual(
      (await modelOf()).save(),
    );
  });

  it('gives no piece to characters beyond the coverage', async () => {
    const text = [...lines, 'ж'];
    expect(texts(await modelOf({ vocabSize: 45, characterCoverage: 0.999 }, text))).not.toContain('ж');
    expect(texts(await modelOf({ vocabSize: 45, characterCoverage: 1 }, text))).toContain('ж');
  });

  it.each([1, 2, 5])('makes no piece longer than %i characters', async maxPieceLength => {
    const tokenizer = await modelOf({ maxPieceLength, vocabSize: 60, hardVocabLimit: false });
    const lengths = tokenizer.model.pieces.slice(4).map(({ text }) => [...text].length);
    expect(Math.max(...lengths)).toBe(maxPieceLength);
  });

  it('gives a smaller vocabulary for too little text, if that is allowed', async () => {
    const { vocabSize } = await modelOf({ vocabSize: 5000, hardVocabLimit: false });
    expect(vocabSize).toBeLessThan(5000);
    await expect(modelOf({ vocabSize: vocabSize + 1 })).rejects.toThrow(
      `vocabSize ${vocabSize + 1} is too large for this text: it gives ${vocabSize} pieces; ask for fewer, or pass hardVocabLimit: false`,
    );
    expect((await modelOf({ hardVocabLimit: false })).save()).toEqual((await modelOf()).save());
  });

  it('trains on so many lines drawn by a seed', async () => {
    const draw = (seed: number) =>
      modelOf({ vocabSize: LEAST, maxLines: 40, seed, characterCoverage: 1, hardVocabLimit: false });
    expect((await draw(1)).save()).toEqual(
      (
        await train(lines, {
          vocabSize: LEAST,
          normalization: 'identity',
          maxLines: 40,
          seed: 1,
          characterCoverage: 1,
          hardVocabLimit: false,
        })
      ).save(),
    );
    expect((await draw(1)).save()).not.toEqual((await draw(2)).save());
    expect((await modelOf({ maxLines: lines.length, seed: 3 })).save()).toEqual((await modelOf()).save());
  });

  it('tells how far it has come: the lines, then the pieces on their way to the target', async () => {
    const random = Random.fromSeed(1);
    const word = () =>
      Array.from({ length: 2 + random.integer(7) }, () => random.pick('abcdefghij'.split(''))).join('');
    const words = Array.from({ length: 1500 }, word);
    const text = Array.from(
      { length: 12_000 },
      () => `${random.pick(words)} ${words[random.integer(1 + random.integer(1500))]}`,
    );
    const seen: TrainingProgress[] = [];
    await train(text, {
      vocabSize: 1200,
      normalization: 'identity',
      onProgress: progress => seen.push(progress),
    });
    const stages = seen.map(({ stage }) => stage);
    expect(stages).toEqual(stages.toSorted());
    expect(seen.filter(({ stage }) => stage === 'read').map(({ count }) => count)).toEqual([10_000, 12_000]);
    const steps = seen.filter(({ stage }) => stage === 'train');
    const counts = steps.map(({ count }) => count);
    expect(counts.length).toBeGreaterThan(1);
    expect(steps.every(({ target }) => target === 1200)).toBe(true);
    expect(counts).toEqual(counts.toSorted((a, b) => (name === 'BPE' ? a - b : b - a)));
    expect(new Set(counts).size).toBe(counts.length);
    if (name === 'BPE') expect(counts.at(-1)).toBeLessThanOrEqual(1200);
    else expect(counts.at(-1)).toBeGreaterThanOrEqual(1200);
  });
});

it('the pieces that unigram training reports include those that are not learned', async () => {
  const counts: number[] = [];
  const { vocabSize } = await trainUnigram(lines, {
    vocabSize: 5000,
    hardVocabLimit: false,
    byteFallback: true,
    normalization: 'identity',
    onProgress: ({ stage, count }) => stage === 'train' && counts.push(count),
  });
  // Characters that were dropped come back at the end.
  expect(counts.at(-1)).toBeLessThanOrEqual(vocabSize);
  expect(counts.at(-1)).toBeGreaterThan(vocabSize - letters.length);
});

describe('scores', () => {
  it('of unigram pieces are logarithms of probabilities, the greatest first, as the file holds them', async () => {
    const { model } = await trainUnigram(lines, { vocabSize: 44, normalization: 'identity' });
    const scores = model.pieces.slice(4).map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores).toEqual(scores.map(Math.fround));
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    expect(sum).toBeGreaterThan(0.9);
    expect(sum).toBeLessThan(1.1);
  });

  it('of BPE pieces are minus their rank, and characters come last, the most frequent first', async () => {
    const { model } = await trainBpe(['abab ab', 'b'], { vocabSize: 9, normalization: 'identity' });
    expect(model.pieces.slice(4).map(({ text, score }) => [text, score])).toEqual([
      ['ab', 0],
      ['▁ab', -1],
      ['b', -2],
      ['a', -3],
      ['▁', -4],
    ]);
    expect(Object.is(model.pieces[4]!.score, 0)).toBe(true);
  });
});
