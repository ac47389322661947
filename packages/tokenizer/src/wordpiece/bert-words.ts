import { codePointTable, markRuns, WHITE_SPACE } from '../subword/character-runs';
import type { BertText } from '../subword/subword-model';
import { DROPPED, MARKS, NOT_DECOMPOSED, PUNCTUATION } from './character-classes';

const IS_DROPPED = 1;
const IS_SPACE = 2;
const IS_PUNCTUATION = 4;
const IS_MARK = 8;
const IS_IDEOGRAPH = 16;
const IS_NOT_DECOMPOSED = 32;
/** What BERT takes for Chinese: first and last code points. */
const IDEOGRAPHS = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0x2f800, 0x2fa1f],
] as const;

let classes: Uint8Array | undefined;

/** The classes of all characters, made once. */
function characterClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  classes = codePointTable();
  markRuns(classes, DROPPED, IS_DROPPED);
  markRuns(classes, PUNCTUATION, IS_PUNCTUATION);
  markRuns(classes, MARKS, IS_MARK);
  markRuns(classes, NOT_DECOMPOSED, IS_NOT_DECOMPOSED);
  for (const [first, last] of IDEOGRAPHS)
    for (let code: number = first; code <= last; code++) classes[code]! |= IS_IDEOGRAPH;
  for (const code of [9, 10, 11, 12, 13, 32, ...WHITE_SPACE]) classes[code]! |= IS_SPACE;
  return classes;
}

/**
 * BERT's basic tokenizer (Devlin et al. 2018) as Hugging Face has it: cleans, sets ideographs apart, strips accents, lower-cases, and
 * cuts at white space and around punctuation.
 *
 * ```
 *    "ΣΑΣ's 東京\u0000 café"   →   σασ │ ' │ s │ 東 │ 京 │ cafe
 * ```
 */
export class BertWords {
  readonly #text: BertText;
  readonly #classes = characterClasses();

  constructor(text: BertText) {
    this.#text = text;
  }

  /** The words of a text. */
  wordsOf(text: string): string[] {
    let changed = this.#clean(text);
    if (this.#text.stripAccents) changed = this.#stripped(changed);
    // One character at a time: at the end of a word JavaScript makes ς of Σ.
    if (this.#text.lowercase) changed = Array.from(changed, character => character.toLowerCase()).join('');
    return this.#cut(changed);
  }

  #classOf(character: string): number {
    return this.#classes[character.codePointAt(0)!]!;
  }

  #clean(text: string): string {
    const { cleanText, chineseCharacters } = this.#text;
    let clean = '';
    for (const character of text) {
      const kind = this.#classOf(character);
      if (cleanText && (kind & IS_DROPPED) !== 0) continue;
      if (cleanText && (kind & IS_SPACE) !== 0) clean += ' ';
      else clean += chineseCharacters && (kind & IS_IDEOGRAPH) !== 0 ? ` ${character} ` : character;
    }
    return clean;
  }

  #stripped(text: string): string {
    let result = '';
    let run = '';
    const end = () => {
      for (const character of run.normalize('NFD'))
        if ((this.#classOf(character) & IS_MARK) === 0) result += character;
      run = '';
    };
    for (const character of text) {
      const kind = this.#classOf(character);
      if ((kind & IS_NOT_DECOMPOSED) === 0) run += character;
      else {
        end();
        if ((kind & IS_MARK) === 0) result += character;
      }
    }
    end();
    return result;
  }

  #cut(text: string): string[] {
    const words: string[] = [];
    let word = '';
    const end = () => {
      if (word !== '') words.push(word);
      word = '';
    };
    for (const character of text) {
      const kind = this.#classOf(character);
      if ((kind & IS_SPACE) !== 0) end();
      else if ((kind & IS_PUNCTUATION) !== 0) {
        end();
        words.push(character);
      } else word += character;
    }
    end();
    return words;
  }
}
