import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadTokenizer,
  tokenizerFiles,
  trainByteBpe,
  trainWordPiece,
  VocabularySizeError,
} from '../src/index';
import { fixtureLines } from './fixtures';
import { openModel } from './hugging-face';

const lines = fixtureLines();
const animals = ['the cat sat on the mat', 'the fat cat ate', 'that rat'];

describe('byte-level BPE', () => {
  it('has the pieces and merges of BpeTrainer on the lines of the fixture', async () => {
    const theirs = openModel('gpt2').model;
    // They have one special token, ours three.
    const ours = (await trainByteBpe(lines, { vocabSize: 5002 })).model;
    if (theirs.algorithm !== 'byte-bpe') throw new Error('gpt2 is no byte-level BPE');
    expect(ours.vocabulary.slice(3)).toEqual(theirs.vocabulary.slice(1));
    const texts = ({ vocabulary, merges }: typeof ours) =>
      merges.map(pair => pair.map(id => vocabulary[id]).join(' '));
    expect(texts(ours)).toEqual(texts(theirs));
  });

  it('spells every text, in any script', async () => {
    const tokenizer = await trainByteBpe(animals, { vocabSize: 265 });
    expect(tokenizer.encodePieces('the catfish')).toEqual(['the', 'Ġcat', 'f', 'i', 's', 'h']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
    );
  });
});

describe('WordPiece', () => {
  it('needs as many tokens as what WordPieceTrainer makes of the lines of the fixture, within 1 %', async () => {
    const theirs = openModel('bert-uncased');
    const ours = await trainWordPiece(lines, { vocabSize: 5000, limitAlphabet: 1500 });
    expect(ours.vocabSize).toBe(5000);
    const count = (tokenizer: typeof theirs) =>
      lines.reduce((sum, line) => sum + tokenizer.countTokens(line), 0);
    expect(count(ours) / count(theirs)).toBeGreaterThan(0.99);
    expect(count(ours) / count(theirs)).toBeLessThan(1.01);
  });

  it('learns words without capitals and accents, or with them', async () => {
    const uncased = await trainWordPiece(['Café', 'café'], { vocabSize: 15 });
    expect(uncased.encodePieces('CAFÉ cafe')).toEqual(['cafe', 'cafe']);
    const cased = await trainWordPiece(['Café', 'café'], { vocabSize: 17, lowercase: false });
    expect(cased.encodePieces('Café cafe')).toEqual(['Café', '[UNK]']);
  });

  it('gives the most frequent characters alone pieces, where the alphabet is limited', async () => {
    const tokenizer = await trainWordPiece(['aaab', 'aabb', 'ac'], { vocabSize: 9, limitAlphabet: 2 });
    expect(tokenizer.encodePieces('ab c')).toEqual(['a', '##b', '[UNK]']);
  });
});

describe.each([
  ['trainByteBpe', trainByteBpe, 270, '<image>'],
  ['trainWordPiece', trainWordPiece, 30, '<image>'],
] as const)('%s', (name, train, vocabSize, image) => {
  it('gives the same model for the same lines, from anything that can be iterated', async () => {
    const first = await train(animals, { vocabSize });
    async function* later() {
      yield* animals;
    }
    expect((await train(later(), { vocabSize })).model).toEqual(first.model);
    expect(loadTokenizer(tokenizerFiles(first)).model).toEqual(first.model);
  });

  it('has the special tokens in front, which text may hold', async () => {
    const tokenizer = await train(animals, { vocabSize, controlSymbols: [image] });
    expect(tokenizer.special.pad).toBe(0);
    const id = tokenizer.idOf(image)!;
    expect(id).toBeLessThan(6);
    const ids = tokenizer.encode(`the${image}cat`);
    expect(ids).toContain(id);
    expect(tokenizer.decode(ids)).not.toContain('image');
  });

  it('says which size the text gives', async () => {
    const size = await train(animals, { vocabSize: 1000 }).catch(error => error);
    expect(size).toBeInstanceOf(VocabularySizeError);
    expect((await train(animals, { vocabSize: 1000, hardVocabLimit: false })).vocabSize).toBe(size.most);
    expect((await train(animals, { vocabSize: size.most })).vocabSize).toBe(size.most);
    const small = await train(animals, { vocabSize: 6 }).catch(error => error);
    expect((await train(animals, { vocabSize: small.least })).vocabSize).toBe(small.least);
    await expect(train(animals, { vocabSize: small.least - 1 })).rejects.toThrow('too small');
  });

  it('joins only what occurs often enough', async () => {
    const tokenizer = await train(animals, { vocabSize: 1000, minFrequency: 4, hardVocabLimit: false });
    const all = await train(animals, { vocabSize: 1000, hardVocabLimit: false });
    expect(tokenizer.vocabSize).toBeLessThan(all.vocabSize);
    expect(tokenizer.encodePieces('fat')).not.toEqual(all.encodePieces('fat'));
  });

  it.each([
    [{}, `${name} needs "vocabSize"`],
    [{ vocabSize: 1 }, '"vocabSize" must be'],
    [{ vocabSize, minFrequency: 0 }, '"minFrequency" must be'],
    [{ vocabSize, controlSymbols: ['a', 'a'] }, '"controlSymbols" must be'],
    [{ vocabSize, characterCoverage: 1 }, 'unknown key "characterCoverage"'],
  ])('refuses %j', async (options, message) => {
    await expect(train(animals, options as never)).rejects.toThrow(message);
  });

  it('refuses no text', async () => {
    await expect(train(['', ''], { vocabSize })).rejects.toThrow('there is no text to train a tokenizer on');
  });
});
