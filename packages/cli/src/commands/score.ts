import { ConfigError, printable } from '@simvlm/core';
import { printLine } from '../terminal';
import { questionOf } from './caption';
import { eachPicture, type NamedPicture, type PictureOptions } from './each-picture';

export interface ScoreCommandOptions extends PictureOptions {
  text: string;
  question?: string;
  jsonl?: boolean;
}

/** `simvlm score`: a line a picture, the log-probability of the text for it; with `--jsonl` of each of its tokens. */
export async function score(files: readonly string[], options: ScoreCommandOptions): Promise<number> {
  const { text, jsonl } = options;
  if (text.trim() === '')
    throw new ConfigError('CONFIG_INVALID', 'score: --text is empty: give a caption or an answer');
  const question = options.question === undefined ? undefined : questionOf('score', options.question);
  return eachPicture(files, options, captioner => {
    if (question === undefined && captioner.model.config.encoder?.kind === 'question')
      throw new ConfigError(
        'CONFIG_INVALID',
        'score: this model knows answers to questions alone: say with --question what --text answers',
      );
    // Each is scored on its own.
    const take = async (pictures: readonly NamedPicture[]) => {
      for (const { id, file, image } of pictures) {
        const scored = await captioner.score(image, text, question);
        if (jsonl) printLine(JSON.stringify({ id, image: file, ...scored }));
        else {
          const sum = scored.logProb.toFixed(4);
          printLine(files.length === 1 ? sum : `${printable(file)}: ${sum}`);
        }
      }
    };
    return { atOnce: 1, take };
  });
}
