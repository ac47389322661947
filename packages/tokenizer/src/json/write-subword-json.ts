import type { AddedToken, ByteBpeModel, WordPieceModel } from '../subword/subword-model';

/** The model as a Hugging Face `tokenizer.json`, which gives the same ids without special tokens. */
export function writeSubwordJson(model: WordPieceModel | ByteBpeModel): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...model.added].sort((a, b) => a.id - b.id).map(addedToken),
    ...(model.algorithm === 'wordpiece' ? wordPieceParts(model) : byteBpeParts(model)),
  });
}

function addedToken({
  id,
  text,
  special,
  singleWord,
  stripLeft,
  stripRight,
  normalized,
}: AddedToken): object {
  return {
    ...{
      id,
      content: text,
      single_word: singleWord,
      lstrip: stripLeft,
      rstrip: stripRight,
      normalized,
      special,
    },
  };
}

function wordPieceParts({
  vocabulary,
  added,
  special,
  text,
  prefix,
  maxWordLength,
  decoding,
}: WordPieceModel): object {
  const { cleanText, chineseCharacters, stripAccents, lowercase } = text;
  const tokens = [special.bos, special.eos].map(id => added.find(token => token.id === id));
  return {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: cleanText,
      handle_chinese_chars: chineseCharacters,
      strip_accents: stripAccents,
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: tokens.every(token => token !== undefined) ? around(tokens as AddedToken[]) : null,
    decoder: { type: 'WordPiece', prefix, cleanup: decoding.joinPunctuation },
    model: {
      type: 'WordPiece',
      unk_token: vocabulary[special.unk],
      continuing_subword_prefix: prefix,
      max_input_chars_per_word: maxWordLength,
      vocab: vocabularyObject(vocabulary),
    },
  };
}

/** BERT's `[CLS] A [SEP] B [SEP]`, which others apply; `encode` adds no tokens. */
function around(tokens: readonly AddedToken[]): object {
  const [first, last] = tokens as [AddedToken, AddedToken];
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [token(first.text, 0), text('A', 0), token(last.text, 0)];
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, text('B', 1), token(last.text, 1)],
    special_tokens: Object.fromEntries(
      tokens.map(({ id, text }) => [text, { id: text, ids: [id], tokens: [text] }]),
    ),
  };
}

function byteBpeParts({ vocabulary, merges, unknown, prefixSpace }: ByteBpeModel): object {
  const level = { type: 'ByteLevel', add_prefix_space: prefixSpace, trim_offsets: true, use_regex: true };
  return {
    normalizer: null,
    pre_tokenizer: level,
    post_processor: { ...level, trim_offsets: false },
    decoder: level,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown < 0 ? null : vocabulary[unknown],
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: vocabularyObject(vocabulary),
      merges: merges.map(([left, right]) => [vocabulary[left], vocabulary[right]]),
    },
  };
}

function vocabularyObject(vocabulary: readonly string[]): object {
  return Object.fromEntries(vocabulary.map((text, id) => [text, id]));
}
