import { ConfigError, type ExampleDataset, Random } from '@simvlm/core';
import { type SentencePieceTokenizer, trainUnigram, VocabularySizeError } from '@simvlm/tokenizer';

/** Letters of text a piece: of much less, the pieces are chance words of a few documents, and other documents spell badly. */
const LETTERS_A_PIECE = 200;
/** Share of the letters of the documents that get a piece where there are more different letters than pieces: SentencePiece's default. */
const COVERAGE = 0.9995;

export interface VocabularyText {
  /** All of them are read. */
  readonly captions: readonly string[];
  /** Of these as many as captions, and more where those do not fill the vocabulary. */
  readonly documents: ExampleDataset;
}

/**
 * A unigram tokenizer of at most `vocabSize` pieces, learnt from captions and documents. Captions are few and documents many: with equal
 * numbers of both the words of the captions still become pieces. With few captions, or none, documents are read until the text is long
 * enough for the vocabulary, and then until it fills it. A small text gives fewer pieces.
 *
 * @param seed of the draw of the documents
 * @throws ConfigError when `vocabSize` is too small for the letters of the captions
 */
export async function learnVocabulary(
  text: VocabularyText,
  vocabSize: number,
  seed: number,
): Promise<SentencePieceTokenizer> {
  const { captions, documents } = text;
  const order = Random.fromSeed(seed).fork('tokenizer').permutation(documents.length);
  const least = LETTERS_A_PIECE * vocabSize - captions.reduce((sum, { length }) => sum + length, 0);
  let count = Math.min(captions.length, documents.length);
  for (let letters = await lettersIn(chosen(documents, order.subarray(0, count))); letters < least; count++) {
    if (count === documents.length) break;
    letters += (await documents.get(order[count]!)).text.length;
  }
  for (;;) {
    const tokenizer = await learn(text, order.subarray(0, count), vocabSize);
    if (tokenizer.vocabSize === vocabSize || count === documents.length) return tokenizer;
    count = Math.min(2 * count, documents.length);
  }
}

/** Documents can have more different letters than there are pieces: then those that are rare in them become `<unk>`. */
async function learn(
  { captions, documents }: VocabularyText,
  indices: Uint32Array,
  vocabSize: number,
): Promise<SentencePieceTokenizer> {
  const train = async (texts: AsyncIterable<string>) =>
    trainUnigram(joined(captions, texts), {
      vocabSize,
      // Captions are few: a digit that one of them has is worth a piece.
      characterCoverage: 1,
      // A small data set of one's own gets as many pieces as it has.
      hardVocabLimit: false,
    });
  try {
    return await train(chosen(documents, indices)).catch(async error => {
      if (!(error instanceof VocabularySizeError) || indices.length === 0) throw error;
      const rare = await rareLetters(captions, chosen(documents, indices));
      return train(without(rare, chosen(documents, indices)));
    });
  } catch (error) {
    if (!(error instanceof VocabularySizeError)) throw error;
    throw new ConfigError(
      'CONFIG_INVALID',
      `"tokenizer.vocabSize" ${vocabSize} is too small for the letters of this text; give ${error.least} or more`,
      { cause: error },
    );
  }
}

/** Letters of the documents that no caption has, beyond those that make up `COVERAGE` of the text. */
async function rareLetters(
  captions: readonly string[],
  documents: AsyncIterable<string>,
): Promise<ReadonlySet<string>> {
  const counts = new Map<string, number>();
  let total = 0;
  for await (const text of documents)
    for (const letter of text.normalize('NFKC')) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
      total++;
    }
  const rare = new Set<string>();
  let covered = 0;
  for (const [letter, count] of [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))) {
    if (covered >= COVERAGE * total) rare.add(letter);
    covered += count;
  }
  for (const caption of captions) for (const letter of caption.normalize('NFKC')) rare.delete(letter);
  return rare;
}

async function* without(letters: ReadonlySet<string>, texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts)
    yield Array.from(text.normalize('NFKC'), letter => (letters.has(letter) ? ' ' : letter)).join('');
}

async function* joined(first: Iterable<string>, then: AsyncIterable<string>): AsyncGenerator<string> {
  yield* first;
  yield* then;
}

async function* chosen(documents: ExampleDataset, indices: Uint32Array): AsyncGenerator<string> {
  for (const index of indices) yield (await documents.get(index)).text;
}

async function lettersIn(texts: AsyncIterable<string>): Promise<number> {
  let letters = 0;
  for await (const text of texts) letters += text.length;
  return letters;
}
