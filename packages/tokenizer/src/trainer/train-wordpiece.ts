import { controlToken } from '../subword/control-token';
import { textOf } from '../utf8';
import { BertChunks } from '../wordpiece/bert-chunks';
import { BertWords } from '../wordpiece/bert-words';
import { WordPieceTokenizer } from '../wordpiece/wordpiece-tokenizer';
import type { MergeCorpus } from './pair-learner';
import { learnMerges } from './subword-merges';
import {
  type CheckedSubwordOptions,
  checkedSubwordOptions,
  type WordPieceTrainingOptions,
} from './subword-options';
import { countWords, type WordCounts } from './word-counts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const PREFIX = '##';
/** Longer words are cut: encoding takes words of more than 100 characters for unknown. */
const LONGEST_WORD = 2 ** 15;

/**
 * Trains a WordPiece vocabulary as Hugging Face's WordPieceTrainer does: by byte-pair encoding, the most frequent pair first, over the words of
 * BERT's basic tokenizer; of equals the pair with the least ids. Its pieces are `[PAD]` 0, `[UNK]` 1, `[CLS]` 2, `[SEP]` 3, `[MASK]` 4, those of
 * `controlSymbols`, the characters by their code points, the characters inside words (`##a`) as they come in the text, and what was joined.
 * Hugging Face takes the words, and with them the last but one kind, in an order that changes from run to run, so that ties fall differently. The same
 * lines and options give the same model here.
 *
 * @throws TokenizerError without text, or when `vocabSize` is too small for the characters or too large for the text; ConfigError
 *   for unknown or wrong options
 */
export async function trainWordPiece(
  lines: Iterable<string> | AsyncIterable<string>,
  options: WordPieceTrainingOptions,
): Promise<WordPieceTokenizer> {
  const checked = checkedSubwordOptions('trainWordPiece', options, SPECIAL);
  const special = [...SPECIAL, ...checked.controlSymbols];
  const counted = await countWords(lines, new BertChunks(checked.text), checked);
  const words = wordsOf(counted, new BertWords(checked.text));
  const symbols = [...special, ...alphabetOf(words, checked)];
  const corpus = corpusOf(words, symbols);
  const { vocabulary } = await learnMerges(corpus, symbols, PREFIX, checked);
  return new WordPieceTokenizer({
    algorithm: 'wordpiece',
    vocabulary,
    added: special.map(controlToken),
    special: { pad: 0, unk: 1, bos: 2, eos: 3 },
    text: checked.text,
    prefix: PREFIX,
    maxWordLength: 100,
    decoding: { joinPunctuation: true, cleanUpSpaces: false },
  });
}

/** The words of all chunks, with their counts. */
function wordsOf({ words: chunks, counts }: WordCounts, bert: BertWords): Map<string, number> {
  const words = new Map<string, number>();
  for (let chunk = 0; chunk < chunks.count; chunk++)
    for (const word of bert.wordsOf(textOf(chunks.bytes, ...chunks.rangeOf(chunk))))
      words.set(word, (words.get(word) ?? 0) + counts[chunk]!);
  return words;
}

function alphabetOf(words: ReadonlyMap<string, number>, { limitAlphabet }: CheckedSubwordOptions): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words)
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  const code = (character: string) => character.codePointAt(0)!;
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || code(a) - code(b))
    .slice(0, limitAlphabet ?? counts.size)
    .map(([character]) => character)
    .sort((a, b) => code(a) - code(b));
}

/** Words as numbers, without the characters that have no piece; adds the pieces of characters inside words to `symbols`. */
function corpusOf(words: ReadonlyMap<string, number>, symbols: string[]): MergeCorpus {
  const known = new Map(symbols.map((text, i) => [text, i + 1]));
  const text: number[] = [];
  const starts = [0];
  const counts: number[] = [];
  for (const [word, count] of words) {
    let length = 0;
    for (const [i, character] of Array.from(word).slice(0, LONGEST_WORD).entries()) {
      if (!known.has(character)) continue;
      const piece = i === 0 ? character : PREFIX + character;
      let symbol = known.get(piece);
      if (symbol === undefined) {
        symbol = symbols.push(piece);
        known.set(piece, symbol);
      }
      text.push(symbol);
      length++;
    }
    if (length === 0) continue;
    text.push(0);
    starts.push(text.length);
    counts.push(count);
  }
  return { text: Int32Array.from(text), starts: Int32Array.from(starts), counts: Float64Array.from(counts) };
}
