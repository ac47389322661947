import { ConfigError, type ExampleDataset, Random } from '@simvlm/core';
import { surveyTexts, textDataset } from '@simvlm/data';
import { expect, it } from 'vitest';
import { learnVocabulary } from '../src/index';

const none = textDataset([]);

/** Documents of words made of these letters, some of them rare. */
function documents(count: number, letters: string): ExampleDataset {
  const random = Random.fromSeed(3).fork('documents');
  const word = () =>
    Array.from({ length: 2 + random.integer(7) }, () =>
      random.pick(letters.slice(0, 1 + random.integer(letters.length)).split('')),
    ).join('');
  const words = Array.from({ length: 700 }, word);
  return textDataset(
    Array.from({ length: count }, () => Array.from({ length: 60 }, () => random.pick(words)).join(' ')),
  );
}

/** The same documents, and which of them were read. */
function counted(all: ExampleDataset): { dataset: ExampleDataset; read: Set<number> } {
  const read = new Set<number>();
  const get = (index: number) => {
    read.add(index);
    return all.get(index);
  };
  return { read, dataset: { length: all.length, get } };
}

const latin = 'eeetaoinshrdlucmfwypvbgkqjxz0123456789ETAOINSHRDLUCMFWYPVBGKQJXZ,.;:()"\'-/';

it('is learnt from documents alone', async () => {
  const tokenizer = await learnVocabulary({ captions: [], documents: documents(20, latin) }, 200, 1);
  expect(tokenizer.vocabSize).toBe(200);
});

it.each([0, 1])('spells the documents beside %i captions', async captions => {
  const text = { captions: ['a red square'].slice(0, captions), documents: documents(93, latin) };
  const tokenizer = await learnVocabulary(text, 2000, 1);
  const survey = await surveyTexts(
    { length: 93, at: async index => (await text.documents.get(index)).text },
    tokenizer,
    1000,
    1,
  );
  expect(survey).toMatchObject({ count: 93, looked: 93, unknownShare: 0, unknownLetters: [] });
});

it('reads as many documents as captions where those are text enough, and the same ones each time', async () => {
  const captions = Array.from({ length: 300 }, (_, i) => `caption number ${i} of a picture with some words`);
  const { dataset, read } = counted(documents(2000, latin));
  const first = await learnVocabulary({ captions, documents: dataset }, 150, 1);
  expect(read.size).toBe(300);
  const again = await learnVocabulary({ captions, documents: dataset }, 150, 1);
  expect(read.size).toBe(300);
  expect(Buffer.from(again.save()).equals(Buffer.from(first.save()))).toBe(true);
});

it('reads documents until the vocabulary is full', async () => {
  // One word again and again fills no vocabulary; the words come late.
  const same = Array.from({ length: 900 }, () => 'red '.repeat(100));
  const words = documents(20, latin);
  const others = await Promise.all(Array.from({ length: 20 }, async (_, i) => (await words.get(i)).text));
  const tokenizer = await learnVocabulary(
    { captions: [], documents: textDataset([...same, ...others]) },
    150,
    1,
  );
  expect(tokenizer.vocabSize).toBe(150);
});

it('leaves rare letters of documents out where there are more letters than pieces, but none of the captions', async () => {
  const rare = String.fromCodePoint(...Array.from({ length: 80 }, (_, i) => 0x4e00 + i));
  const text = {
    captions: ['a red square'],
    documents: textDataset([...Array(2000).fill('plain text '.repeat(30)), rare]),
  };
  const tokenizer = await learnVocabulary(text, 60, 1);
  const survey = (texts: readonly string[]) =>
    surveyTexts({ length: texts.length, at: index => texts[index]! }, tokenizer, 100, 1);
  expect(await survey(['plain text', 'a red square'])).toMatchObject({ unknownShare: 0 });
  // The space before it is a piece, all the letters are one <unk>.
  const { unknownShare, unknownLetters } = await survey([rare]);
  expect([unknownShare, unknownLetters.length]).toEqual([0.5, 8]);
});

it('names the size that the letters of the captions need', async () => {
  const learn = (size: number) =>
    learnVocabulary({ captions: ['abcdefghijklmnop'], documents: none }, size, 1);
  // 16 letters, the space and 4 special pieces.
  await expect(learn(20)).rejects.toThrow(
    '"tokenizer.vocabSize" 20 is too small for the letters of this text; give 21 or more',
  );
  await expect(learn(20)).rejects.toBeInstanceOf(ConfigError);
  expect((await learn(21)).vocabSize).toBe(21);
});
