import { damaged, shown } from '../damaged';
import type { DecodeStream } from '../decoder';
import type { Ids } from '../subword/ids';
import type { ByteBpeModel } from '../subword/subword-model';
import { type Segment, SubwordTokenizer } from '../subword/subword-tokenizer';
import { WordMemory } from '../subword/word-memory';
import { BLANK, SLACK } from '../utf8';
import { BYTE_CHARACTERS } from './byte-alphabet';
import { ByteMerges } from './byte-merges';
import { ByteStream } from './byte-stream';
import { Gpt2Words } from './gpt2-words';
import { MergeTable } from './merge-table';

/** Ranks up to here have a float32. */
const MAX_MERGES = 2 ** 24;

/**
 * GPT-2's tokenizer (Radford et al. 2019): words by its regular expression, their bytes joined pair by pair. The ids are those of
 * Hugging Face's `tokenizers` without special tokens.
 */
export class ByteBpeTokenizer extends SubwordTokenizer<ByteBpeModel> {
  readonly #words = new Gpt2Words();
  readonly #memory = new WordMemory();
  readonly #merges: ByteMerges;
  /** The id of each byte, −1 for one that is left out. */
  readonly #byteIds: Int32Array;

  /** @throws TokenizerError for a model that contradicts itself */
  constructor(model: ByteBpeModel) {
    super(model);
    const inVocabulary = (id: number | undefined) =>
      id !== undefined && id < model.vocabulary.length ? id : model.unknown;
    this.#byteIds = Int32Array.from(BYTE_CHARACTERS, character => inVocabulary(this.idOf(character)));
    this.#merges = new ByteMerges(this.#mergeTable());
  }

  decodeStream(): DecodeStream {
    return new ByteStream(id => this.pieceOf(id), this.hidden);
  }

  beginsWord(id: number): boolean {
    return this.pieceOf(id).startsWith(BYTE_CHARACTERS[BLANK]!);
  }

  protected readonly segment: Segment = (bytes, begin, end, ids) => {
    if (this.model.prefixSpace && bytes[begin] !== BLANK) {
      const spaced = new Uint8Array(end - begin + 1 + SLACK);
      spaced[0] = BLANK;
      spaced.set(bytes.subarray(begin, end), 1);
      this.#segment(spaced, 0, end - begin + 1, ids);
    } else this.#segment(bytes, begin, end, ids);
  };

  #segment(bytes: Uint8Array, begin: number, end: number, ids: Ids): void {
    const [words, memory] = [this.#words, this.#memory];
    for (let at = begin; at < end; ) {
      const next = words.next(bytes, at, end);
      if (!memory.recall(bytes, at, next, ids)) {
        const before = ids.count;
        const symbols = Int32Array.from(bytes.subarray(at, next), byte => this.#byteIds[byte]!);
        this.#merges.join(
          symbols.filter(id => id >= 0),
          ids,
        );
        memory.learn(bytes, at, next, ids, before);
      }
      at = next;
    }
  }

  #mergeTable(): MergeTable {
    const { merges, vocabulary } = this.model;
    if (merges.length > MAX_MERGES) throw damaged(`it has more than ${MAX_MERGES} merges`);
    const known = new Set<number>();
    const products = Int32Array.from(merges, ([left, right], rank) => {
      const [first, second] = [vocabulary[left], vocabulary[right]];
      if (first === undefined || second === undefined)
        throw damaged(
          `merge ${rank} has the id ${first === undefined ? left : right}, which is that of no piece`,
        );
      const product = this.idOf(first + second);
      if (product === undefined || product >= vocabulary.length)
        throw damaged(`merge ${rank} makes ${shown(first + second)}, which is no piece`);
      const pair = left * vocabulary.length + right;
      if (known.has(pair))
        throw damaged(`merge ${rank} of ${shown(first)} and ${shown(second)} stands twice`);
      known.add(pair);
      return product;
    });
    return new MergeTable(merges, products);
  }
}
