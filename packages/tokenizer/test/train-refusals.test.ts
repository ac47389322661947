import { isSimVlmError } from '@simvlm/core';
import { describe, expect, it } from 'vitest';
import type { TrainingOptions } from '../src/index';
import { LEAST, letters, lines, trainers } from './train-cases';

describe.each(trainers)('$name refuses with one line that says why', ({ name, train }) => {
  const trainer = name === 'BPE' ? 'trainBpe' : 'trainUnigram';
  it.each<[string, unknown, unknown, string, string]>([
    ['no lines', [], { vocabSize: 44 }, 'TOKENIZER_TRAINING', 'there is no text to train a tokenizer on'],
    ['nothing but spaces', ['', '   ', ' '], { vocabSize: 44 }, 'TOKENIZER_TRAINING', 'there is no text'],
    [
      'too small a vocabulary',
      lines,
      { vocabSize: 10 },
      'TOKENIZER_VOCAB_SIZE',
      `vocabSize 10 is too small: ${letters.length + 1} characters and 4 special pieces need ${LEAST}; ask for more, or lower characterCoverage`,
    ],
    ['one less than needed', lines, { vocabSize: LEAST - 1 }, 'TOKENIZER_VOCAB_SIZE', `need ${LEAST}`],
    [
      'no room for bytes',
      lines,
      { vocabSize: 100, byteFallback: true },
      'TOKENIZER_VOCAB_SIZE',
      '260 special pieces',
    ],
    [
      'too large a vocabulary',
      lines,
      { vocabSize: 5000 },
      'TOKENIZER_VOCAB_SIZE',
      'vocabSize 5000 is too large for this text: it gives ',
    ],
    [
      'an unknown option',
      lines,
      { vocabSize: 44, coverage: 1 },
      'CONFIG_UNKNOWN_KEY',
      `${trainer}: unknown key "coverage"; allowed: vocabSize, characterCoverage`,
    ],
    ['no options', lines, undefined, 'CONFIG_INVALID', `${trainer} needs "vocabSize", the number of pieces`],
    ['no size', lines, {}, 'CONFIG_INVALID', `${trainer} needs "vocabSize"`],
    ['a size of 4', lines, { vocabSize: 4 }, 'CONFIG_INVALID', '"vocabSize" must be an integer from 5'],
    ['a size that is a text', lines, { vocabSize: '44' }, 'CONFIG_INVALID', '"vocabSize" must be an integer'],
    [
      'a coverage above 1',
      lines,
      { vocabSize: 44, characterCoverage: 2 },
      'CONFIG_INVALID',
      '"characterCoverage" must be',
    ],
    [
      'a coverage of 0',
      lines,
      { vocabSize: 44, characterCoverage: 0 },
      'CONFIG_INVALID',
      '"characterCoverage" must be',
    ],
    [
      'pieces of 65 characters',
      lines,
      { vocabSize: 44, maxPieceLength: 65 },
      'CONFIG_INVALID',
      '"maxPieceLength" must be an integer from 1 to 64, got 65',
    ],
    ['no lines at all', lines, { vocabSize: 44, maxLines: 0 }, 'CONFIG_INVALID', '"maxLines" must be'],
    ['a negative seed', lines, { vocabSize: 44, seed: -1 }, 'CONFIG_INVALID', '"seed" must be'],
    [
      'a normalisation that is none',
      lines,
      { vocabSize: 44, normalization: 'NFKC' },
      'CONFIG_INVALID',
      '"normalization" must be one of nmt_nfkc, nfkc, nmt_nfkc_cf, nfkc_cf, identity, got "NFKC"',
    ],
    [
      'a listener that is none',
      lines,
      { vocabSize: 44, onProgress: true },
      'CONFIG_INVALID',
      '"onProgress" must be a function',
    ],
    [
      'a symbol in both lists',
      lines,
      { vocabSize: 44, controlSymbols: ['<a>', '<b>'], userDefinedSymbols: ['<b>'] },
      'CONFIG_INVALID',
      `${trainer}: "<b>" stands in both controlSymbols and userDefinedSymbols; a piece is one or the other`,
    ],
  ])('%s', async (_, text, options, code, message) => {
    // Normalising has no part in it, and is quick this way.
    const given = options && { normalization: 'identity', ...(options as object) };
    const error = await train(text as string[], given as TrainingOptions).catch(cause => cause);
    expect(isSimVlmError(error), String(error)).toBe(true);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  it.each([
    [['a b']],
    [[' ']],
    [['']],
    [['a\0']],
    [['\ud800']],
    [['<x>', '<x>']],
    [['<s>']],
    [['<unk>']],
    [['<0x41>']],
    [[1]],
    ['<x>'],
  ])('symbols that cannot be: %j', async symbols => {
    for (const option of ['userDefinedSymbols', 'controlSymbols']) {
      const options = { vocabSize: 44, [option]: symbols } as unknown as TrainingOptions;
      const error = await train(lines, options).catch(cause => cause);
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toContain(
        `${trainer}: "${option}" must be an array of different, non-empty strings without spaces`,
      );
    }
  });
});
