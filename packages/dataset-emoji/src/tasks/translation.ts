import { ConfigError, type Random } from '@simvlm/core';
import { some } from './balance';
import { type Labels, readForeignLabels } from './languages';
import { fewerToned, pictureOf, type TaskExample, type TaskPictures } from './task-pictures';

export interface TranslationOptions {
  /** Languages by their codes, such as `de`; see `languages`. */
  readonly from: string;
  readonly to: string;
  /** Share of the words that the source lacks, from 0 to 1. */
  readonly masked: number;
}

/** What stands for a word that the source lacks. */
const GAP = '[…]';
/** Letters of a word that says something of the picture: most words of grammar are shorter. */
const MIN_LETTERS = 4;

/**
 * Translation of CLDR's names, in which words of the source are missing: the picture shows them.
 *
 * ```
 * { text: 'red apple', fields: { source: '[…] apple', target: 'roter Apfel' } }
 * ```
 *
 * `text` is the English name, which tells whether the picture may be mirrored. Languages without spaces between words lack any of their words,
 * others those of four letters and more.
 *
 * @throws ConfigError for one language twice
 */
export function translation(
  { pictures, random }: TaskPictures,
  { from, to, masked }: TranslationOptions,
): TaskExample[] {
  if (from === to)
    throw new ConfigError('CONFIG_INVALID', `source emoji-translation: "from" and "to" are both ${to}`);
  const [sources, targets]: Labels[] = [readForeignLabels(from), readForeignLabels(to)];
  return fewerToned(pictures).flatMap(index => {
    const { id, hexcode, label } = pictures.items[index]!;
    const [source, target] = [sources!.get(hexcode), targets!.get(hexcode)];
    if (source === undefined || target === undefined) return [];
    const fields = { source: withGaps(source, from, masked, random.fork(id)), target };
    return [{ id, text: label, fields, pictures: [pictureOf(pictures, index)] }];
  });
}

/** A text with a gap for a share of its words, at least one where the share is above 0. */
export function withGaps(text: string, language: string, share: number, random: Random): string {
  const parts = [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)];
  const isSpaced = text.includes(' ') || !/[\p{scx=Han}\p{scx=Kana}\p{scx=Thai}]/u.test(text);
  const words = parts.flatMap(({ segment, isWordLike }, place) =>
    isWordLike && (!isSpaced || segment.length >= MIN_LETTERS) ? [place] : [],
  );
  const gaps = new Set(some(words, Math.ceil(share * words.length), random));
  const shown = parts.map(({ segment }, place) => (gaps.has(place) ? GAP : segment)).join('');
  // A row of gaps would tell how many words there are.
  return shown.replace(/\[…\](?:[\s-]*\[…\])+/g, GAP);
}
