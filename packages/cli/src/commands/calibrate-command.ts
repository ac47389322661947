import type { Command, Option } from 'commander';
import { share } from '../arguments';
import { addSourceOptions } from './data-source';

/** Adds `simvlm calibrate`. */
export function addCalibrateCommand(
  program: Command,
  options: readonly (() => Option)[],
  done: (code: number) => void,
): void {
  const command = program
    .command('calibrate <source...>')
    .description(
      'measure when a model should say that it does not know, on the pictures that it was trained on (a folder, or emoji) and others with captions; ' +
        'writes doubt.json into the checkpoint, so that simvlm caption and pages mark captions as unsure',
    )
    .requiredOption('--checkpoint <dir>', 'the checkpoint, a folder')
    .option(
      '--val <dir>',
      'pictures with captions that the model was not trained on; emoji has its own validation pictures',
    )
    .option('--refuse <share>', 'share of the right captions that may be marked as unsure', share, 0.02);
  for (const option of options) command.addOption(option());
  addSourceOptions(command).action(async (sources, given) =>
    done(await (await import('./calibrate')).calibrateCommand(sources, given)),
  );
}
