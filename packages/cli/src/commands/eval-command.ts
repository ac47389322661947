import { type Command, InvalidArgumentError, type Option } from 'commander';
import { collect, wholeNumber } from '../arguments';
import { addSourceOptions } from './data-source';

/** Adds `simvlm eval`. */
export function addEvalCommand(
  program: Command,
  args: readonly string[],
  options: readonly (() => Option)[],
  done: (code: number) => void,
): Command {
  const command = program
    .command('eval <source...>')
    .description(
      'measure models on a folder with captions.jsonl or data in any format of simvlm data, on a source such as \'{"source": NAME, "split": "val"}\', or on the ' +
        'embedded data set: emoji. Several checkpoints are rows of one table; those that differ in their seed alone are one row',
    )
    .option(
      '--checkpoint <dir>',
      'a checkpoint, a run folder with checkpoints, the web address of a checkpoint, hf:OWNER/NAME, or emoji, the bundled model (repeatable); default: emoji',
      collect,
      [],
    )
    .option(
      '--evaluator <name>',
      'what to measure, such as caption, coco, choice, answers, or one of a plug-in; with options as JSON: {"kind": NAME, …} (repeatable); default: what suits the task of the checkpoint',
      collect,
      [],
    )
    .option(
      '--task <kind>',
      'open the checkpoint for this task, such as answer, and not for the one that it was trained for; with options as JSON',
    )
    .option('--test', 'allow test splits: names that begin with test, and of emoji all but val')
    .option('--seeds <list>', 'seeds of the evaluators that draw, such as 1,2,3', seedList)
    .option('--no-intervals', 'without 95 % intervals, which take a moment to draw')
    .option('--json', 'print one JSON object with everything')
    .option('--out <file>', 'write that object to a file, too')
    .option(
      '--predictions <path>',
      'write what the model said of each example, a JSON object a line: a file, or a folder where there is more than one evaluator, checkpoint, source or seed',
    );
  for (const option of options) command.addOption(option());
  addSourceOptions(command);
  return command.action(async (sources, given) =>
    done(await (await import('./eval')).evaluate(sources, { ...given, command: args })),
  );
}

/** `1,2,3`: different ones. */
function seedList(text: string): number[] {
  const seeds = text.split(',').map(part => wholeNumber(part));
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError('give each seed once.');
  return seeds;
}
