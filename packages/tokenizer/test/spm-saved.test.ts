import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { loadSentencePiece } from '../src/index';
import { fixtureLines, linesOf } from './fixtures';
import { describeWithSpm } from './sentencepiece';

const folder = new URL('../fixtures/', import.meta.url);
const models = readdirSync(new URL('models/', folder)).map(file => file.replace('.model', ''));

it('there are models of both kinds, each with what SentencePiece made of the lines', () => {
  expect(models.filter(name => name.startsWith('unigram')).length).toBeGreaterThan(3);
  expect(models.filter(name => name.startsWith('bpe')).length).toBeGreaterThan(3);
});

describeWithSpm('SentencePiece gives with a model that we loaded and saved what it gave before', spm => {
  const lines = fixtureLines();

  it.each(models)('%s', name => {
    const saved = loadSentencePiece(readFileSync(new URL(`models/${name}.model`, folder))).save();
    const expected = linesOf(gunzipSync(readFileSync(new URL(`expected/${name}.ids.gz`, folder))));
    const ids = spm.encode(saved, lines);
    expect(ids).toHaveLength(expected.length);
    expect(lines.filter((_, i) => ids[i] !== expected[i])).toEqual([]);
  });
});
