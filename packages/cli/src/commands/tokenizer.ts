import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { DataError, TokenizerError } from '@simvlm/core';
import { trainUnigram } from '@simvlm/tokenizer';
import { exitCode } from '../exit-code';
import { readTokenizer } from '../pipeline/tokenizer';
import { Terminal } from '../terminal';

interface TrainOptions {
  out: string;
  vocabSize: number;
  characterCoverage: number;
  byteFallback?: boolean;
}

/** `simvlm tokenizer train`. */
export async function tokenizerTrain(files: readonly string[], options: TrainOptions): Promise<number> {
  const terminal = new Terminal();
  const { vocabSize, characterCoverage } = options;
  const tokenizer = await trainUnigram(lines(files), {
    vocabSize,
    characterCoverage,
    byteFallback: options.byteFallback === true,
  });
  await writeFile(options.out, tokenizer.save());
  terminal.note(`${options.out}: ${tokenizer.vocabSize} pieces`);
  return exitCode.ok;
}

interface ModelOptions {
  model: string;
  pieces?: boolean;
}

/** `simvlm tokenizer encode`: one line out for each line in, empty ones included. */
export async function tokenizerEncode(
  files: readonly string[],
  { model, pieces }: ModelOptions,
): Promise<number> {
  const tokenizer = await readTokenizer(model);
  await transform(files, line =>
    (pieces ? tokenizer.encodePieces(line) : [...tokenizer.encode(line)]).join(' '),
  );
  return exitCode.ok;
}

/** `simvlm tokenizer decode`. */
export async function tokenizerDecode(
  files: readonly string[],
  { model, pieces }: ModelOptions,
): Promise<number> {
  const tokenizer = await readTokenizer(model);
  await transform(files, (line, number) => {
    const words = line.split(/\s+/).filter(word => word !== '');
    if (pieces) return tokenizer.decode(words.map(piece => tokenizer.idOf(piece) ?? tokenizer.special.unk));
    return tokenizer.decode(
      words.map(word => {
        if (!/^\d+$/.test(word))
          throw new TokenizerError(
            'TOKEN_OUT_OF_RANGE',
            `line ${number}: "${word}" is not an id; give whole numbers separated by spaces`,
          );
        return Number(word);
      }),
    );
  });
  return exitCode.ok;
}

async function transform(
  files: readonly string[],
  change: (line: string, number: number) => string,
): Promise<void> {
  let number = 0;
  for await (const line of lines(files)) {
    const text = `${change(line, ++number)}\n`;
    // Waits when the reader of the pipe is slower than we are.
    if (!process.stdout.write(text))
      await new Promise<void>(resolve => process.stdout.once('drain', () => resolve()));
  }
}

async function* lines(files: readonly string[]): AsyncGenerator<string> {
  const inputs = files.length === 0 ? [process.stdin] : files.map(file => createReadStream(file, 'utf8'));
  for (const [i, input] of inputs.entries()) {
    try {
      yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    } catch (error) {
      throw new DataError(
        'DATA_NOT_FOUND',
        `cannot read ${files[i] ?? 'standard input'}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}
