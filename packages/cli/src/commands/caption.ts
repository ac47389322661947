import { ConfigError, printable, type RgbImage } from '@simvlm/core';
import { picturesAtOnce } from '@simvlm/model';
import type { Caption, Captioner, CaptionOptions } from '@simvlm/run';
import { printLine } from '../terminal';
import {
  checkLengths,
  checkTogether,
  type GenerationOptions,
  generationRequest,
  type WritingCommand,
} from './caption-options';
import { eachPicture, type NamedPicture, type PictureOptions } from './each-picture';

interface WritingOptions extends GenerationOptions, PictureOptions {
  jsonl?: boolean;
}

export interface CaptionCommandOptions extends WritingOptions {
  prompt?: string;
}

export interface AnswerCommandOptions extends WritingOptions {
  question: string;
}

/** Writes the texts of some pictures. */
type Write = (
  captioner: Captioner,
  pictures: readonly RgbImage[],
  options: Omit<CaptionOptions, 'prompt'>,
) => Promise<Caption[]>;

/**
 * `simvlm caption`: a line a caption, in the order of the pictures; those that cannot be read are named on standard error, and the exit
 * code is 1.
 */
export async function caption(files: readonly string[], options: CaptionCommandOptions): Promise<number> {
  const prompt = options.prompt?.trim();
  const write: Write = (captioner, pictures, request) => {
    if (captioner.model.config.encoder?.kind === 'question')
      throw new ConfigError(
        'CONFIG_INVALID',
        'caption: this model answers questions, and writes no captions: simvlm answer PICTURE --question TEXT',
      );
    return captioner.caption(pictures, { ...request, ...(prompt !== undefined && { prompt }) });
  };
  return writeTexts({ name: 'caption', option: '--prompt' }, files, prompt, options, write);
}

/** `simvlm answer`: the same with the answers to a question. */
export async function answer(files: readonly string[], options: AnswerCommandOptions): Promise<number> {
  const question = questionOf('answer', options.question);
  return writeTexts(
    { name: 'answer', option: '--question' },
    files,
    question,
    options,
    (captioner, ...rest) => captioner.answer(rest[0], question, rest[1]),
  );
}

/** @throws ConfigError for one without a word */
export function questionOf(command: string, question: string): string {
  if (question.trim() === '')
    throw new ConfigError('CONFIG_INVALID', `${command}: --question is empty: ask something`);
  return question.trim();
}

/** @param before what stands before the new text; default: what the model was fine-tuned with */
function writeTexts(
  command: WritingCommand,
  files: readonly string[],
  before: string | undefined,
  options: WritingOptions,
  write: Write,
): Promise<number> {
  checkTogether(command, options);
  return eachPicture(files, options, captioner => {
    const { model, tokenizer } = captioner;
    const request = generationRequest(command, options, model.config.generation?.sampler);
    checkLengths(command, options, tokenizer.encode(before ?? captioner.prompt).length, model.config);
    const take = async (pictures: readonly NamedPicture[]) => {
      const made = await write(
        captioner,
        pictures.map(({ image }) => image),
        // By its file, so that a picture's samples do not depend on the others of the command.
        { ...request, ids: pictures.map(({ file }) => file) },
      );
      for (const { picture, ...said } of made) {
        const { id, file: image } = pictures[picture]!;
        if (options.jsonl) printLine(JSON.stringify({ id, image, ...said }));
        else {
          const text = said.unsure ? `${said.text} (unsure)` : said.text;
          printLine(printable(files.length === 1 ? text : `${image}: ${text}`));
        }
      }
    };
    return { atOnce: picturesAtOnce(model, request), take };
  });
}
