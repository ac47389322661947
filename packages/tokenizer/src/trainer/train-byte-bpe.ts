import { BYTE_CHARACTERS } from '../byte-bpe/byte-alphabet';
import { ByteBpeTokenizer } from '../byte-bpe/byte-bpe-tokenizer';
import { Gpt2Words } from '../byte-bpe/gpt2-words';
import { controlToken } from '../subword/control-token';
import type { MergeCorpus } from './pair-learner';
import { learnMerges } from './subword-merges';
import { checkedSubwordOptions, type SubwordTrainingOptions } from './subword-options';
import { countWords, type WordCounts } from './word-counts';

const SPECIAL = ['<pad>', '<s>', '</s>'];
/** Longer words are cut: a piece of so many bytes would be of no use. */
const LONGEST_WORD = 2 ** 15;

/**
 * Trains a byte-level BPE with GPT-2's words, as Hugging Face's BpeTrainer does: the same merges in the same order. Its pieces are `<pad>` 0,
 * `<s>` 1, `</s>` 2, those of `controlSymbols`, the 256 bytes by their characters, and what was joined. Every text can be spelled: there is no
 * unknown token. The same lines and options give the same model.
 *
 * @throws TokenizerError without text, or when `vocabSize` is too small for the bytes or too large for the text; ConfigError for
 *   unknown or wrong options
 */
export async function trainByteBpe(
  lines: Iterable<string> | AsyncIterable<string>,
  options: SubwordTrainingOptions,
): Promise<ByteBpeTokenizer> {
  const checked = checkedSubwordOptions('trainByteBpe', options, SPECIAL);
  const special = [...SPECIAL, ...checked.controlSymbols];
  const counted = await countWords(lines, new Gpt2Words(), checked);
  const alphabet = BYTE_CHARACTERS.toSorted();
  const symbols = [...special, ...alphabet];
  const symbolOf = Int32Array.from(BYTE_CHARACTERS, character => symbols.indexOf(character) + 1);
  const { vocabulary, merges } = await learnMerges(corpusOf(counted, symbolOf), symbols, '', checked);
  return new ByteBpeTokenizer({
    algorithm: 'byte-bpe',
    vocabulary,
    added: special.map(controlToken),
    special: { pad: 0, unk: -1, bos: 1, eos: 2 },
    merges,
    unknown: -1,
    prefixSpace: false,
  });
}

function corpusOf({ words, counts }: WordCounts, symbolOf: Int32Array): MergeCorpus {
  const text: number[] = [];
  const starts = [0];
  const weights: number[] = [];
  for (let word = 0; word < words.count; word++) {
    const [begin, end] = words.rangeOf(word);
    for (let from = begin; from < end; from += LONGEST_WORD) {
      for (let i = from; i < Math.min(end, from + LONGEST_WORD); i++) text.push(symbolOf[words.bytes[i]!]!);
      text.push(0);
      starts.push(text.length);
      weights.push(counts[word]!);
    }
  }
  return { text: Int32Array.from(text), starts: Int32Array.from(starts), counts: Float64Array.from(weights) };
}
