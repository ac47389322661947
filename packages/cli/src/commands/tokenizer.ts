import { ConfigError, OptionError, TokenizerError } from '@simvlm/core';
import { readTokenizer } from '@simvlm/run/node';
import {
  type NormalizationRule,
  type TrainingOptions,
  trainBpe,
  trainUnigram,
  VocabularySizeError,
  writeTokenizerJson,
} from '@simvlm/tokenizer';
import { exitCode } from '../exit-code';
import { readLines, writeOut } from '../io/lines';
import { openOutput } from '../io/output-file';
import { Terminal } from '../terminal';

interface TrainOptions {
  out: string;
  type: 'unigram' | 'bpe';
  vocabSize: number;
  characterCoverage: number;
  byteFallback?: boolean;
  normalization: NormalizationRule;
  userDefinedSymbols: string[];
  controlSymbols: string[];
  maxLines?: number;
  seed: number;
  softVocabLimit?: boolean;
}

/** `simvlm tokenizer train`. */
export async function tokenizerTrain(files: readonly string[], options: TrainOptions): Promise<number> {
  const terminal = new Terminal();
  const twice = options.controlSymbols.find(symbol => options.userDefinedSymbols.includes(symbol));
  if (twice !== undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      `tokenizer train: "${twice}" is in both --control-symbols and --user-defined-symbols; give it in one of them`,
    );
  const { out, type, softVocabLimit, ...given } = options;
  const train = type === 'bpe' ? trainBpe : trainUnigram;
  const settings: TrainingOptions = {
    ...given,
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
    throw namingOptions(error);
  });
  await output.write(out.endsWith('.json') ? writeTokenizerJson(tokenizer.model) : tokenizer.save());
  terminal.note(`${out}: ${tokenizer.vocabSize} pieces`);
  return exitCode.ok;
}

/** Errors of the library name its options; these name those of the command line. */
function namingOptions(error: unknown): unknown {
  if (error instanceof OptionError)
    return new ConfigError('CONFIG_INVALID', `tokenizer train: ${flag(error.key)} ${error.problem}`);
  if (!(error instanceof VocabularySizeError)) return error;
  const { code, vocabSize, least, most } = error;
  return new TokenizerError(
    code,
    least === undefined
      ? `--vocab-size ${vocabSize} is too large for this text, which gives ${most} pieces: ask for no more, or add --soft-vocab-limit`
      : `--vocab-size ${vocabSize} is too small for this text, whose characters and special pieces need ${least}: ask for more, or lower --character-coverage`,
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
