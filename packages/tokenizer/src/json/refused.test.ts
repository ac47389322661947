import { describe, expect, it } from 'vitest';
import { readTokenizerJson } from './read-tokenizer-json';
import {
  arranged,
  bpe,
  collapse,
  escaped,
  joined,
  map,
  messageOf,
  metaspace,
  prepend,
  stripped,
  unigram,
  written,
} from './test-files';

/** The message for a file in which one thing is changed. */
function refusal(change: (file: ReturnType<typeof written>) => void, model = unigram): string {
  const file = written(model);
  change(file);
  return messageOf(() => readTokenizerJson(JSON.stringify(file)));
}
describe('what cannot be read', () => {
  it.each([
    ['the file: not JSON (', '{'],
    ['the file is null instead of an object', 'null'],
    ['model is number instead of an object', '{"model":1}'],
    ['model is an array instead of an object', '{"model":[]}'],
  ])('%s', (message, text) => {
    expect(messageOf(() => readTokenizerJson(text))).toContain(message);
  });

  it.each<[string, (file: ReturnType<typeof written>) => void]>([
    [
      'pre_tokenizer ByteLevel is not supported (only Metaspace',
      f => (f.pre_tokenizer = { type: 'ByteLevel' }),
    ],
    ['normalizer Lowercase is not supported (only', f => (f.normalizer = { type: 'Lowercase' })],
    ['normalizer Replace is not', f => (f.normalizer = { ...escaped, pattern: { String: '``' } })],
    ['normalizer Sequence is not', f => (f.normalizer = joined('normalizers', [joined('normalizers', [])]))],
    [
      'the normalizer Prepend with the pre_tokenizer Metaspace',
      f => Object.assign(f, arranged([prepend], [metaspace], stripped)),
    ],
    [
      'the normalizer Replace with the pre_tokenizer Metaspace',
      f => Object.assign(f, arranged([collapse], [{ ...metaspace, prepend_scheme: 'never' }], [metaspace])),
    ],
    ['decoder WordPiece is not supported (only Metaspace', f => (f.decoder = { type: 'WordPiece' })],
    ['the decoder null is not supported', f => (f.decoder = null)],
    ['the decoder keeps the space that encoding adds', f => f.decoder.decoders.pop()],
    [
      'the decoder removes a space that encoding does not add',
      f => Object.assign(f, arranged([escaped], [], stripped)),
    ],
    ['post_processor Foo is not supported', f => (f.post_processor = { type: 'Foo' })],
    ['model WordPiece is not supported (only Unigram and BPE)', f => (f.model.type = 'WordPiece')],
    ['model without a type is not supported', f => (f.model = { vocab: {} })],
    ['model.unk_id is the id of no piece', f => (f.model.unk_id = null)],
    ['byte_fallback is true, but the decoder has no ByteFallback', f => (f.model.byte_fallback = true)],
    ['the score of piece 5 is no number', f => (f.model.vocab[5][1] = 1e300)],
    ['piece 5 is null instead of a string', f => (f.model.vocab[5][0] = null)],
    ['piece 5 has half a surrogate pair', f => (f.model.vocab[5][0] = '\ud800')],
    ['the piece "b" stands twice', f => (f.model.vocab[5][0] = 'b')],
    ['piece 5 is empty', f => (f.model.vocab[5][0] = '')],
    ['no piece has the id 12', f => f.added_tokens.push({ id: 4e9, content: '<far>', special: true })],
    ['two pieces have the id 2', f => f.added_tokens.push({ id: 2, content: '<x>', special: true })],
    ['the id of "<x>" is no whole number', f => f.added_tokens.push({ id: -1, content: '<x>' })],
    ['the added token "<s>" stands twice', f => f.added_tokens.push(f.added_tokens[1])],
    [
      'the added token "a" has lstrip',
      f => f.added_tokens.push({ id: 5, content: 'a', normalized: false, lstrip: true }),
    ],
    ['the added token "a" has normalized', f => f.added_tokens.push({ id: 5, content: 'a' })],
    [
      'the added token "u d" has a space',
      f => f.added_tokens.push({ id: 12, content: 'u d', normalized: false }),
    ],
    ['special of "<unk>" is number instead of true or false', f => (f.added_tokens[0].special = 1)],
    [
      'precompiled_charsmap is no base64',
      f => (f.normalizer.normalizers = [{ ...map, precompiled_charsmap: '?' }, ...f.normalizer.normalizers]),
    ],
    [
      'cuts at spaces, but the piece "▁a▁b" goes over one',
      f => {
        Object.assign(f, arranged([map], [metaspace], stripped));
        f.model.vocab[10][0] = '▁a▁b';
      },
    ],
    [
      'the space ▁ itself is no piece',
      f => {
        Object.assign(f, arranged([map], [metaspace], stripped));
        f.model.vocab[4][0] = 'z';
      },
    ],
  ])('%s', (message, change) => {
    expect(refusal(change)).toContain(message);
  });

  it.each<[string, (file: ReturnType<typeof written>) => void]>([
    ['model.unk_token is no piece', f => (f.model.unk_token = null)],
    ['model.ignore_merges is not supported', f => (f.model.ignore_merges = true)],
    ['model.dropout is not supported', f => (f.model.dropout = 0.1)],
    ['model.fuse_unk is false', f => (f.model.fuse_unk = false)],
    ['merge 0 is no pair', f => (f.model.merges[0] = ['a'])],
    ['merge 0 of "a" and "d" is not in the vocabulary', f => (f.model.merges[0] = 'a d')],
    ['merge 1 stands twice', f => (f.model.merges[1] = f.model.merges[0])],
    [
      'no merge joins "▁" and "ab", which SentencePiece joins because "▁ab" is a piece',
      f => (f.model.merges = f.model.merges.filter(([left]: string[]) => left !== '▁').concat([['▁', 'c']])),
    ],
    ['no piece has the id 4', f => delete f.model.vocab.ab && (f.model.merges = [])],
  ])('%s', (message, change) => {
    expect(refusal(change, bpe)).toContain(message);
  });
});
