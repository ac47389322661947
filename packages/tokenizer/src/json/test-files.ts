import { TokenizerError } from '@simvlm/core';
import { bytePiece, type Piece, type PieceType, pieceType, type TokenizerModel } from '../vocabulary';
import { writeTokenizerJson } from './write-tokenizer-json';

/** Small models and the parts of files that the tests of this folder are made of. */

const { control, byte } = pieceType;
export const piece = (text: string, score = 0, type: PieceType = pieceType.normal): Piece => ({
  text,
  score,
  type,
});
const specials = [
  piece('<unk>', 0, pieceType.unknown),
  piece('<s>', 0, control),
  piece('</s>', 0, control),
  piece('<pad>', 0, control),
];
export const bytes = Array.from({ length: 256 }, (_, value) => piece(bytePiece(value), 0, byte));
export const normalizer = {
  name: 'identity',
  charMap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};
export const unigram: TokenizerModel = {
  algorithm: 'unigram',
  pieces: [
    ...specials,
    ...['▁', 'a', 'b', 'c', '__proto__', 'constructor'].map((text, i) => piece(text, Math.fround(-5.1 - i))),
    piece('▁ab', Math.fround(-2.3)),
    piece('ca', Math.fround(-3.7)),
  ],
  special: { unk: 0, bos: 1, eos: 2, pad: 3 },
  normalizer,
  byteFallback: false,
  whitespaceSuffix: false,
  unknownSurface: ' \u2047 ',
};
export const bpe: TokenizerModel = {
  ...unigram,
  algorithm: 'bpe',
  pieces: [
    ...specials,
    ...['ab', '▁c', '▁ab', 'aba', 'abab'].map((text, i) => piece(text, -i)),
    ...['▁', 'a', 'b', 'c'].map((text, i) => piece(text, -10 - i)),
  ],
};

export const written = (model: TokenizerModel) => JSON.parse(writeTokenizerJson(model));

export const metaspace = {
  type: 'Metaspace',
  replacement: '▁',
  add_prefix_space: true,
  prepend_scheme: 'always',
};
export const collapse = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' };
export const escaped = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
export const prepend = { type: 'Prepend', prepend: '▁' };
export const stripRight = { type: 'Strip', strip_left: false, strip_right: true };
export const map = { type: 'Precompiled', precompiled_charsmap: 'AQID' };
const unescaped = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
export const fused = [unescaped, { type: 'Fuse' }];
export const stripped = [...fused, { type: 'Strip', content: ' ', start: 1, stop: 0 }];
export const joined = (name: string, steps: readonly object[]) => ({ type: 'Sequence', [name]: steps });
export const arranged = (
  normalizers: readonly object[],
  pretokenizers: readonly object[],
  decoders: readonly object[],
) => ({
  ...written(unigram),
  normalizer: joined('normalizers', normalizers),
  pre_tokenizer: joined('pretokenizers', pretokenizers),
  decoder: joined('decoders', decoders),
});

/** What a TokenizerError says. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof TokenizerError && error.code === 'TOKENIZER_INVALID') return error.message;
    throw error;
  }
  return 'nothing is wrong';
}
