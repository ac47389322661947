import { beforeAll, expect, it } from 'vitest';
import { loadSentencePiece, type SentencePieceTokenizer, trainBpe, trainUnigram } from '../src/index';
import { describeWithSpm, sourceText } from './sentencepiece';

const VOCAB_SIZE = 4000;
/** Of so many lines one is held out. */
const HELD_OUT = 20;
const promise = 'a vocabulary of 4,000 makes at most 1 % more tokens of held-out text than one of spm_train';

describeWithSpm(promise, spm => {
  let text: string[];
  let heldOut: string[];
  beforeAll(async () => {
    // About 1.4 MB of English: with more the original takes longer than we want to wait.
    const glosses = (await sourceText('wordnetGlosses')).filter((_, i) => i % 6 === 0);
    text = glosses.filter((_, i) => i % HELD_OUT !== 0);
    heldOut = glosses.filter((_, i) => i % HELD_OUT === 0);
  });

  it.concurrent.each([
    { name: 'unigram', train: trainUnigram },
    { name: 'bpe', train: trainBpe },
  ])('$name', async ({ name, train }) => {
    // There is little in the text that another rule would change.
    const normalization = 'identity';
    const options = { model_type: name, vocab_size: VOCAB_SIZE, normalization_rule_name: normalization };
    const [reference, tokenizer] = await Promise.all([
      spm.train(text, options),
      train(text, { vocabSize: VOCAB_SIZE, normalization }),
    ]);
    const tokensOf = (tokenizer: SentencePieceTokenizer) =>
      heldOut.reduce((sum, line) => sum + tokenizer.countTokens(line), 0);
    const [theirs, ours] = [tokensOf(loadSentencePiece(reference)), tokensOf(tokenizer)];
    expect(tokenizer.vocabSize).toBe(VOCAB_SIZE);
    // It is running text, and cut into more than characters.
    expect(theirs).toBeGreaterThan(10_000);
    expect(theirs * 2).toBeLessThan(heldOut.join('').length);
    expect(ours / theirs).toBeLessThanOrEqual(1.01);
  });
});
