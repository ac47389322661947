import type { Command, Option } from 'commander';
import { generationOptions } from './caption-options';

/**
 * Adds `caption`, `answer` and `score`, the commands that look at pictures.
 *
 * @param common makes the options that each of them has
 * @param done takes the exit code of the command that ran
 */
export function addPictureCommands(
  program: Command,
  common: readonly (() => Option)[],
  done: (code: number) => void,
): void {
  const caption = program
    .command('caption <image...>')
    .description('caption pictures (PNG, JPEG, WebP, AVIF, GIF, TIFF), one line each')
    .option(
      '--prompt <text>',
      'begin the caption with this text (default: the prompt that the model was fine-tuned with, which is not printed)',
    )
    .option(
      '--jsonl',
      'one JSON object a line: {"id", "image", "text", "tokens", "logProb"}, and "doubt", "unsure" where the checkpoint was calibrated',
    )
    .action(async (images, options) => done(await (await import('./caption')).caption(images, options)));

  const answer = program
    .command('answer <image...>')
    .description('answer a question about pictures, one line each')
    .requiredOption('--question <text>', 'what is asked')
    .option('--jsonl', 'one JSON object a line: {"id", "image", "text", "tokens", "logProb"}')
    .action(async (images, options) => done(await (await import('./caption')).answer(images, options)));

  const score = program
    .command('score <image...>')
    .description('how likely the model finds a text for pictures: its log-probability, one line each')
    .requiredOption('--text <text>', 'the caption, or the answer')
    .option('--question <text>', 'what the text answers')
    .option('--jsonl', 'one JSON object a line: {"id", "image", "tokens", "logProbs", "logProb"}')
    .action(async (images, options) => done(await (await import('./score')).score(images, options)));

  for (const command of [caption, answer, score]) for (const make of common) command.addOption(make());
  for (const command of [caption, answer])
    for (const option of generationOptions()) command.addOption(option);
}
