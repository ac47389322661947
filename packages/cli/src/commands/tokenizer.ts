import { ConfigError, OptionError, TokenizerError } from '@simvlm/core';
import { readTokenizer } from '@simvlm/run/node';
import {
  type AnyTokenizer,
  type NormalizationRule,
  SentencePieceTokenizer,
  type TrainingOptions,
  trainBpe,
  trainByteBpe,
  trainUnigram,
  trainWordPiece,
  VocabularySizeError,
  type WordPieceTrainingOptions,
  writeSubwordJson,
  writeTokenizerJson,
} from '@simvlm/tokenizer';
import { exitCode } from '../exit-code';
import { readLines, writeOut } from '../io/lines';
import { openOutput } from '../io/output-file';
import { Terminal } from '../terminal';

/** Options that are not given are absent; the trainers have the defaults, and refuse those of the others. */
interface TrainOptions {
  out: string;
  type: keyof typeof trainers;
  vocabSize: number;
  characterCoverage?: number;
  byteFallback?: boolean;
  normalization?: NormalizationRule;
  userDefinedSymbols?: string[];
  controlSymbols?: string[];
  cased?: boolean;
  limitAlphabet?: number;
  minFrequency?: number;
  maxLines?: number;
  seed: number;
  softVocabLimit?: boolean;
}

/** Options that some types have, by what the command line calls them. */
const ofSome: readonly (readonly [keyof TrainOptions, readonly TrainOptions['type'][]])[] = [
  ['characterCoverage', ['unigram', 'bpe']],
  ['byteFallback', ['unigram', 'bpe']],
  ['normalization', ['unigram', 'bpe']],
  ['userDefinedSymbols', ['unigram', 'bpe']],
  ['cased', ['wordpiece']],
  ['limitAlphabet', ['wordpiece']],
  ['minFrequency', ['wordpiece', 'byte-bpe']],
];

const trainers = {
  unigram: trainUnigram,
  bpe: trainBpe,
  wordpiece: trainWordPiece,
  'byte-bpe': trainByteBpe,
} as const;

/** `simvlm tokenizer train`. */
export async function tokenizerTrain(files: readonly string[], options: TrainOptions): Promise<number> {
  const terminal = new Terminal();
  const twice = options.controlSymbols?.find(symbol => options.userDefinedSymbols?.includes(symbol));
  if (twice !== undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      `tokenizer train: "${twice}" is in both --control-symbols and --user-defined-symbols; give it in one of them`,
    );
  const { out, type, softVocabLimit, cased, ...given } = options;
  for (const [key, types] of ofSome)
    if (options[key] !== undefined && !types.includes(type))
      throw new ConfigError(
        'CONFIG_INVALID',
        `tokenizer train: ${flag(key)} is for --type ${types.join(' and ')}, not for ${type}`,
      );
  if ((type === 'wordpiece' || type === 'byte-bpe') && !out.endsWith('.json'))
    throw new ConfigError(
      'CONFIG_INVALID',
      `tokenizer train: --type ${type} writes a tokenizer.json; give an --out that ends with .json, not ${out}`,
    );
  const train: (
    lines: AsyncIterable<string>,
    options: TrainingOptions & WordPieceTrainingOptions,
  ) => Promise<AnyTokenizer> = trainers[type];
  const settings: TrainingOptions & WordPieceTrainingOptions = {
    ...given,
    ...(cased && { lowercase: false }),
    hardVocabLimit: softVocabLimit !== true,
    onProgress: ({ stage, count, target }) =>
      terminal.live(
        stage === 'read'
          ? `${count.toLocaleString('en')} lines read`
          : `${count.toLocaleString('en')} pieces, to be ${target?.toLocaleString('en')}`,
      ),
  };
  const output = await openOutput(out, 'give another file with --out');
  const tokenizer = await train(eachLine(files), settings).catch(error => {
    throw namingOptions(error, type);
  });
  await output.write(
    tokenizer instanceof SentencePieceTokenizer
      ? out.endsWith('.json')
        ? writeTokenizerJson(tokenizer.model)
        : tokenizer.save()
      : writeSubwordJson(tokenizer.model),
  );
  terminal.note(`${out}: ${tokenizer.vocabSize} pieces`);
  return exitCode.ok;
}

/** Errors of the library name its options; these name those of the command line. */
function namingOptions(error: unknown, type: TrainOptions['type']): unknown {
  if (error instanceof OptionError)
    return new ConfigError('CONFIG_INVALID', `tokenizer train: ${flag(error.key)} ${error.problem}`);
  if (!(error instanceof VocabularySizeError)) return error;
  const { code, vocabSize, least, most } = error;
  return new TokenizerError(
    code,
    least === undefined
      ? `--vocab-size ${vocabSize} is too large for this text, which gives ${most} pieces: ask for no more, or add --soft-vocab-limit`
      : `--vocab-size ${vocabSize} is too small for this text, whose characters and special pieces need ${least}: ask for more${
          type === 'unigram' || type === 'bpe' ? ', or lower --character-coverage' : ''
        }`,
    { cause: error },
  );
}

/** `vocabSize` → `--vocab-size`. */
function flag(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

interface ModelOptions {
  model: string;
  pieces?: boolean;
}

/** `simvlm tokenizer encode`: one line out for each line in, empty ones included. */
export async function tokenizerEncode(files: readonly string[], options: ModelOptions): Promise<number> {
  const tokenizer = await readTokenizer(options.model);
  await eachLineOut(files, line =>
    options.pieces ? tokenizer.encodePieces(line).join(' ') : tokenizer.encode(line).join(' '),
  );
  return exitCode.ok;
}

/** `simvlm tokenizer decode`. */
export async function tokenizerDecode(files: readonly string[], options: ModelOptions): Promise<number> {
  const tokenizer = await readTokenizer(options.model);
  await eachLineOut(files, (line, number) => {
    // A piece may hold any white space but the plain space, which is written as U+2581 in it.
    const words = line.split(' ').filter(word => word !== '');
    if (options.pieces) return tokenizer.decodePieces(words);
    return tokenizer.decode(
      words.map(word => {
        const id = word.trimEnd();
        if (!/^\d+$/.test(id) || Number(id) >= tokenizer.vocabSize)
          throw new TokenizerError(
            'TOKEN_OUT_OF_RANGE',
            `line ${number}: "${id}" is not an id of this model; give whole numbers from 0 to ${tokenizer.vocabSize - 1}, separated by spaces`,
          );
        return Number(id);
      }),
    );
  });
  return exitCode.ok;
}

async function eachLineOut(
  files: readonly string[],
  change: (line: string, number: number) => string,
): Promise<void> {
  let number = 0;
  for await (const lines of readLines(files)) {
    // A failure further on does not take away what is done before it.
    let out = '';
    try {
      for (const line of lines) out += `${change(line, ++number)}\n`;
    } finally {
      await writeOut(out);
    }
  }
}

async function* eachLine(files: readonly string[]): AsyncGenerator<string> {
  for await (const lines of readLines(files)) yield* lines;
}
