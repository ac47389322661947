import { Random } from '@simvlm/core';
import { describe, expect, it } from 'vitest';
import { pieceType } from '../src/index';
import { lines, texts, trainers, trainOnce } from './train-cases';

describe.each(trainers)('$name, text that may surprise', ({ train }) => {
  const modelOf = trainOnce(train);

  it.each([false, true])('special and byte pieces by their names, byte fallback %s', async byteFallback => {
    const text = ['<s> hug </s> <0x41><0x41> <pad><unk>', 'a<s>a<s>a <0x0A>', '<s>', '<mask>', ...lines];
    const tokenizer = await modelOf(
      { vocabSize: 320, hardVocabLimit: false, byteFallback, userDefinedSymbols: ['<mask>'] },
      text,
    );
    const learned = tokenizer.model.pieces.filter(({ type }) => type === pieceType.normal);
    expect(learned.filter(({ text }) => /<s>|<\/s>|<pad>|<unk>|<mask>/.test(text))).toEqual([]);
    expect(tokenizer.decode(tokenizer.encode('the zebra'))).toBe('the zebra');
  });

  it('one line', async () => {
    const tokenizer = await modelOf({ vocabSize: 11 }, ['ab ab ab cab cab abc abc']);
    expect(tokenizer.decode(tokenizer.encode('cab abc'))).toBe('cab abc');
    expect(tokenizer.encode('ab ab')).toHaveLength(2);
  });

  it('one character, once and often', async () => {
    expect(
      texts(await modelOf({ vocabSize: 6 }, ['a']))
        .slice(4)
        .sort(),
    ).toEqual(['a', '▁']);
    const often = await modelOf({ vocabSize: 7 }, Array<string>(100).fill('a'));
    expect(often.encodePieces('a aa')).toEqual(['▁a', '▁a', 'a']);
  });

  it('one character repeated 1,000 times', async () => {
    const tokenizer = await modelOf({ vocabSize: 100, hardVocabLimit: false }, [
      'a'.repeat(1000),
      'a'.repeat(999),
    ]);
    expect(tokenizer.encode('a'.repeat(1000)).length).toBeLessThan(130);
    expect(tokenizer.model.pieces.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('Chinese without spaces, in lines longer than any word', async () => {
    const words = ['今天', '天气', '很好', '我们', '一起', '去', '北京', '大学', '学习', '中文', '，', '。'];
    const random = Random.fromSeed(3);
    const text = Array.from({ length: 40 }, () =>
      Array.from({ length: 300 }, () => random.pick(words)).join(''),
    );
    const tokenizer = await modelOf({ vocabSize: 60 }, text);
    expect(texts(tokenizer)).toEqual(expect.arrayContaining(words));
    for (const line of text) {
      expect(tokenizer.decode(tokenizer.encode(line))).toBe(line);
      expect(tokenizer.countTokens(line)).toBeLessThan(330);
    }
  });

  it('a long word of which one half is rare and the other frequent', async () => {
    const rare = Array.from({ length: 120 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
    const text = [`${'一'.repeat(128)}${rare}`, ...Array<string>(1000).fill('一'.repeat(64))];
    const tokenizer = await modelOf({ vocabSize: 130, characterCoverage: 1 }, text);
    expect(tokenizer.vocabSize).toBe(130);
    expect(tokenizer.encode('一'.repeat(64)).length).toBeLessThan(16);
  });

  it('lone surrogates, which are no characters', async () => {
    const tokenizer = await modelOf({ vocabSize: 40, hardVocabLimit: false }, [
      ...lines,
      'a\ud800b',
      '\udc00',
    ]);
    expect(texts(tokenizer).filter(text => /\p{Surrogate}/u.test(text))).toEqual([]);
    expect(tokenizer.encode('a\ud800b')).toEqual(tokenizer.encode('a\ufffdb'));
  });
});
