import type { SpecialTokens } from '@simvlm/core';
import type { AddedToken } from '../subword/subword-model';
import { type Piece, pieceType } from '../vocabulary';
import { arrayOf, type JsonObject, objectOf, shown, stepsOf, unsupported, unusable } from './json-value';

/** What the special tokens are called in the models that are around; the first that a model has is taken. */
export const usualNames = {
  pad: ['<pad>', '[PAD]', '<|pad|>', '<|padding|>'],
  bos: ['<s>', '<bos>', '[BOS]', '[CLS]', '<|begin_of_text|>', '<|startoftext|>', '<|bos|>'],
  eos: ['</s>', '<eos>', '[EOS]', '[SEP]', '<|end_of_text|>', '<|endoftext|>', '<|eos|>'],
} as const;

/** Special tokens by their usual names. */
export function usualSpecialIds(pieces: readonly Piece[], unk: number): SpecialTokens {
  const ids = new Map(pieces.map(({ text, type }, id) => [type === pieceType.control ? text : '', id]));
  const find = (names: readonly string[]) => ids.get(names.find(name => ids.has(name)) ?? '-') ?? -1;
  return { pad: find(usualNames.pad), bos: find(usualNames.bos), eos: find(usualNames.eos), unk };
}

/**
 * Special tokens by their usual names; bos and eos that have none of those are what the post_processor puts before and behind a
 * text.
 */
export function readSpecialIds(pieces: readonly Piece[], unk: number, postProcessor: unknown): SpecialTokens {
  const { pad, bos, eos } = usualSpecialIds(pieces, unk);
  const taken = new Set([pad, bos, eos]);
  const around = readPostProcessor(postProcessor).map(text =>
    pieces.findIndex(
      (piece, id) => piece.type === pieceType.control && piece.text === text && !taken.has(id),
    ),
  );
  const first = bos < 0 ? (around[0] ?? -1) : bos;
  const last = around[1] ?? -1;
  return { pad, bos: first, eos: eos < 0 && last !== first ? last : eos, unk };
}

/** The texts of the tokens before and behind a text, undefined where there is none. */
function readPostProcessor(value: unknown): unknown[] {
  let around: unknown[] = [];
  for (const step of stepsOf(value, 'post_processor', 'processors')) {
    if (step.type === 'TemplateProcessing') {
      const items = arrayOf(step.single, 'post_processor.single').map(templateItem);
      around = [items[0], items.at(-1)];
    } else if (step.type === 'BertProcessing' || step.type === 'RobertaProcessing')
      around = [arrayOf(step.cls, 'post_processor.cls')[0], arrayOf(step.sep, 'post_processor.sep')[0]];
    else if (step.type !== 'ByteLevel')
      throw unsupported(
        'post_processor',
        step,
        'TemplateProcessing, BertProcessing, RobertaProcessing and ByteLevel; encode adds no special tokens',
      );
  }
  return around;
}

/** The text of a special token in a template, or undefined for the place of the text. */
function templateItem(value: unknown): string | undefined {
  const item: JsonObject = objectOf(value, 'an item of post_processor.single');
  if (item.SpecialToken === undefined) {
    objectOf(item.Sequence, 'a Sequence of post_processor.single');
    return undefined;
  }
  const { id } = objectOf(item.SpecialToken, 'a SpecialToken of post_processor.single');
  if (typeof id !== 'string') throw unusable(`the id of a SpecialToken is ${shown(id)} instead of a string`);
  return id;
}

/** As `readSpecialIds`; where `<|endoftext|>` ends a text and nothing else begins one, it does that too, as in GPT-2. */
export function readSubwordSpecialIds(
  vocabulary: readonly string[],
  added: readonly AddedToken[],
  unk: number,
  postProcessor: unknown,
): SpecialTokens {
  const pieces: Piece[] = vocabulary.map(text => ({ text, score: 0, type: pieceType.normal }));
  for (const { id, text, special } of added)
    if (special && id <= pieces.length) pieces[id] = { text, score: 0, type: pieceType.control };
  const ids = readSpecialIds(pieces, unk, postProcessor);
  return ids.bos < 0 && pieces[ids.eos]?.text === '<|endoftext|>' ? { ...ids, bos: ids.eos } : ids;
}
