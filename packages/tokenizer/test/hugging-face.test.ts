import { describe, expect, it } from 'vitest';
import { loadTokenizer, tokenizerFiles } from '../src/index';
import { hardLines, huggingFaceExpected, huggingFaceModels, openModel } from './hugging-face';

const lines = hardLines();

it('there are 10,000 lines or more, and tokenizers in every form', () => {
  expect(lines.length).toBeGreaterThan(10_000);
  expect(huggingFaceModels).toHaveLength(6);
});

describe.each(huggingFaceModels)('%s gives what Hugging Face gives', name => {
  const tokenizer = openModel(name);
  const expected = huggingFaceExpected(name);

  it('the ids of every line', () => {
    expect(expected.ids).toHaveLength(lines.length);
    expect(wrong(lines, expected.ids)).toEqual([]);
  });

  it('the same ids from a tokenizer that met no word before, saved and loaded again', () => {
    const fresh = loadTokenizer(tokenizerFiles(tokenizer));
    expect(fresh.special).toEqual(tokenizer.special);
    expect(wrong(lines.toReversed(), expected.ids.toReversed(), fresh)).toEqual([]);
  });

  it('the text of every line of ids', () => {
    const decoded = expected.ids.map(ids => tokenizer.decode(ids === '' ? [] : ids.split(' ').map(Number)));
    expect(decoded).toEqual(expected.decoded);
  });

  it('the text of random ids, special tokens and broken UTF-8 among them', () => {
    for (const [ids, text] of expected.random) expect(tokenizer.decode(ids)).toBe(text);
  });

  it('the ids of U+FFFD for half a surrogate pair', () => {
    for (const text of ['a\ud800b', '\udc00', 'x \ud83d y'])
      expect(tokenizer.encode(text)).toEqual(tokenizer.encode(text.replace(/\p{Surrogate}/u, '\ufffd')));
  });

  function wrong(texts: readonly string[], ids: readonly string[], by = tokenizer): object[] {
    const found = texts.map((text, i) => ({ text, found: by.encode(text).join(' '), expected: ids[i] }));
    // As many as can be looked at.
    return found.filter(line => line.found !== line.expected).slice(0, 10);
  }
});
