import { describe, expect, it } from 'vitest';
import { readTokenizerJson } from './read-tokenizer-json';
import {
  arranged,
  bpe,
  bytes,
  collapse,
  escaped,
  fused,
  map,
  metaspace,
  normalizer,
  prepend,
  stripped,
  stripRight,
  unigram,
  written,
} from './test-files';

describe('the arrangements of transformers', () => {
  const cut = { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false };
  const never = { ...metaspace, prepend_scheme: 'never' };
  it.each([
    ['T5 and mBART', [map, stripRight, collapse], [metaspace], [metaspace], true, true],
    ['NLLB', [map, { ...collapse, content: ' ' }], [metaspace], [metaspace], true, true],
    ['XLM-R', [map], [{ type: 'WhitespaceSplit' }, metaspace], [metaspace], true, true],
    ['DeBERTa', [{ ...stripRight, strip_left: true }, map, collapse], [metaspace], [metaspace], true, true],
    ['Llama', [prepend, escaped], [], stripped, true, false],
    ['newer Llama', [], [{ ...metaspace, prepend_scheme: 'first', split: false }], stripped, true, false],
    ['Llama without prefix', [], [never], fused, false, false],
    ['Gemma', [escaped], [cut], fused, false, false],
  ] as const)('%s', (_, normalizers, pretokenizers, decoders, addDummyPrefix, removeExtraWhitespaces) => {
    const model = readTokenizerJson(JSON.stringify(arranged(normalizers, pretokenizers, decoders)));
    expect(model.normalizer).toMatchObject({
      addDummyPrefix,
      removeExtraWhitespaces,
      escapeWhitespaces: true,
    });
    expect([...model.normalizer.charMap]).toEqual(normalizers.some(step => step === map) ? [1, 2, 3] : []);
  });

  it('takes single steps for sequences, and the add_prefix_space of old files', () => {
    const old = { type: 'Metaspace', replacement: '▁', add_prefix_space: false };
    const file = { ...written(unigram), normalizer: null, pre_tokenizer: old, decoder: old };
    expect(readTokenizerJson(JSON.stringify(file)).normalizer).toEqual({
      ...normalizer,
      addDummyPrefix: false,
      removeExtraWhitespaces: false,
    });
  });

  it("reads Gemma's tab as the byte piece that it stands for", () => {
    const file = written({ ...bpe, pieces: [...bpe.pieces, ...bytes], byteFallback: true });
    const { '<0x09>': id, ...vocab } = file.model.vocab;
    file.model.vocab = { ...vocab, '\t': id };
    expect(readTokenizerJson(JSON.stringify(file)).pieces[id]).toEqual(bytes[9]);
  });
});

describe('special tokens', () => {
  const named = (names: readonly string[], post_processor: unknown = null) => {
    const file = written(unigram);
    names.forEach((name, i) => {
      file.model.vocab[i + 1][0] = name;
      file.added_tokens[i + 1].content = name;
    });
    return readTokenizerJson(JSON.stringify({ ...file, post_processor })).special;
  };
  const template = (...names: string[]) => ({
    type: 'TemplateProcessing',
    single: names.map(id =>
      id === 'A' ? { Sequence: { id, type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
    ),
  });
  it('are known by name', () => {
    expect(named(['[CLS]', '[SEP]', '[PAD]'])).toEqual({ unk: 0, bos: 1, eos: 2, pad: 3 });
    expect(named(['<x>', '<|endoftext|>', '<y>'])).toEqual({ unk: 0, bos: -1, eos: 2, pad: -1 });
  });
  it('or by what the post_processor puts around a text, where they have no usual name', () => {
    expect(named(['<x>', '<y>', '<z>'], template('<x>', 'A', '<y>'))).toEqual({
      unk: 0,
      bos: 1,
      eos: 2,
      pad: -1,
    });
    expect(named(['<s>', '</s>', 'en_XX'], template('A', '</s>', 'en_XX'))).toMatchObject({ bos: 1, eos: 2 });
    const bert = { type: 'BertProcessing', cls: ['<x>', 1], sep: ['<y>', 2] };
    const sequence = { type: 'Sequence', processors: [{ type: 'ByteLevel' }, bert] };
    expect(named(['<x>', '<y>', '<z>'], sequence)).toEqual({ unk: 0, bos: 1, eos: 2, pad: -1 });
  });
});
