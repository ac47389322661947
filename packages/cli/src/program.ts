import { isRequestError, isSimVlmError } from '@simvlm/core';
import { normalizationRules } from '@simvlm/tokenizer';
import { Command, CommanderError, Option } from 'commander';
import { collect, count, nameOfRun, positiveNumber, share, wholeNumber } from './arguments';
import { addAblateCommand } from './commands/ablate-command';
import { addCalibrateCommand } from './commands/calibrate-command';
import { computeOptions } from './commands/compute-options';
import { addDataCommand } from './commands/data-command';
import { addSourceOptions } from './commands/data-source';
import { addEvalCommand } from './commands/eval-command';
import { addMetricsCommand } from './commands/metrics';
import { addPictureCommands } from './commands/picture-commands';
import { addRecipeCommand } from './commands/recipe-command';
import { exitCode, version } from './exit-code';
import { printableLines, Terminal } from './terminal';

/** The commands that compute with a model, and so take `--backend`, `--device` and `--precision`. */
const COMPUTING = [
  ...['demo', 'train', 'ablate', 'finetune', 'caption', 'answer', 'score', 'eval', 'calibrate'],
];

/**
 * Runs the command line and gives the exit code: 0 done, 1 failed, 2 what was asked for cannot be (`isRequestError`),
 * 130 interrupted (what was trained is kept).
 */
export async function run(args: readonly string[]): Promise<number> {
  const terminal = new Terminal();
  let code: number = exitCode.ok;
  const program = buildProgram(args, result => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (isSimVlmError(error)) {
      terminal.error(error.message);
      return isRequestError(error) ? exitCode.usage : exitCode.failed;
    }
    // Ctrl-C before there was anything to keep.
    if ((error as Error)?.name === 'AbortError') return exitCode.interrupted;
    terminal.error(`unexpected: ${unexpected(error)}`);
    return exitCode.failed;
  }
}

/** What the system refuses says enough in its message; for a fault of ours the place is needed. */
function unexpected(error: unknown): string {
  const { syscall, message, stack } = (error ?? {}) as NodeJS.ErrnoException;
  return (syscall !== undefined ? message : stack) ?? String(error);
}

/** All commands with their options. */
export function buildProgram(args: readonly string[], done: (code: number) => void): Command {
  const program = new Command('simvlm')
    .description('SimVLM for TypeScript: train, evaluate and run a vision-language model')
    .version(version)
    .showHelpAfterError('(simvlm --help shows what there is)')
    .exitOverride()
    // It repeats what was typed, or what a script was given.
    .configureOutput({ writeErr: text => process.stderr.write(printableLines(text)) })
    // For the message about an unknown command, which the action below gives.
    .allowExcessArguments(true)
    .action(() => {
      const [name] = program.args;
      if (name === undefined) program.help();
      program.error(`error: unknown command '${name}'`);
    });

  const checkpoint = () =>
    new Option(
      '--checkpoint <dir>',
      'a checkpoint, a run folder with checkpoints, the web address of a checkpoint, or hf:OWNER/NAME; default: the bundled model',
    );
  const plugin = () =>
    new Option(
      '--plugin <module>',
      'load this plug-in first: a package, or a file that begins with ./, ../ or / (repeatable); it runs with your rights',
    )
      .argParser(collect)
      .default([], 'none');

  program
    .command('demo')
    .description(
      'train a small SimVLM on emoji from scratch, evaluate it on pictures it has never seen, write a report',
    )
    .option('--minutes <n>', 'how long to train', positiveNumber, 5)
    .option('--name <name>', 'folder in runs/', nameOfRun, 'demo')
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 1)
    .option(
      '--shuffle-images',
      'train with the images shuffled against their captions: a test of the evaluation itself',
    )
    .option('--resume', 'go on from the newest checkpoint of this run')
    .action(async options => done(await (await import('./commands/demo')).demo(options)));

  program
    .command('train <config>')
    .description('train as a JSON file says, or a recipe by its name: simvlm recipe list')
    .option(
      '--resume <dir>',
      'go on from this checkpoint or run folder, exactly where it stopped; "auto": from the newest checkpoint of the run, or begin where there is none',
    )
    .option(
      '--init <dir>',
      'start with the weights and the tokenizer of this checkpoint, run folder, web address or hf:OWNER/NAME, at any image size',
    )
    .option(
      '--set <key=value>',
      'change a value of the config, such as optimizer.learningRate=1e-3',
      collect,
      [],
    )
    .addOption(plugin())
    .action(async (config, options) =>
      done(await (await import('./commands/train')).trainCommand(config, options)),
    );

  addAblateCommand(program, done);

  const finetune = program
    .command('finetune <source...>')
    .description(
      'go on training a model on pictures of your own: a folder with captions.jsonl, or data in any format of simvlm data; says first what it will do, at the end what has changed',
    )
    .option(
      '--init <dir>',
      'the model: a checkpoint, run folder, web address or hf:OWNER/NAME, or emoji, the bundled one',
      'emoji',
    )
    .option('--val <dir>', 'data for validation; default: a tenth of the pictures is split off')
    .option('--lora', 'train adapters beside the weights, which stay as they are')
    .option(
      '--freeze <part>',
      'keep a part as it is: vision, text, embeddings, or parameters by name, such as decoder.0.* (repeatable)',
      collect,
      [],
    )
    .option('--name <name>', 'folder in runs/', nameOfRun, 'finetuned')
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 1)
    .option('--set <key=value>', 'change a value of the config that it makes, such as steps=500', collect, [])
    .addOption(plugin())
    .action(async (sources, options) =>
      done(await (await import('./commands/finetune')).finetune(sources, options)),
    );
  addSourceOptions(finetune);

  addPictureCommands(program, [checkpoint, plugin], done);

  addEvalCommand(program, args, [plugin], done);

  addCalibrateCommand(program, [plugin], done);

  program
    .command('import <folder>')
    .description(
      'make a checkpoint of a captioner that others have trained, from the folder that transformers writes, or from hf:OWNER/NAME[@REVISION]: GIT, BLIP, ViT-GPT2',
    )
    .requiredOption('--out <dir>', 'where it goes: a new folder')
    .addOption(
      new Option('--weights <type>', 'how the weights are kept; float16 is half the size, rounded')
        .choices(['float32', 'float16'])
        .default('float32'),
    )
    .option('--json', 'print as JSON what it is')
    .action(async (folder, options) =>
      done(await (await import('./commands/import')).importModel(folder, options)),
    );

  program
    .command('export')
    .description(
      'write what a trained model needs to be used, in a folder: weights, tokenizer and configuration',
    )
    .requiredOption(
      '--checkpoint <dir>',
      'a checkpoint, a run folder with checkpoints, the web address of a checkpoint, or hf:OWNER/NAME',
    )
    .requiredOption('--out <dir>', 'where it goes: a new folder')
    .addOption(
      new Option(
        '--weights <type>',
        'how the weights are kept; float16 is half the size of float32, int8 a quarter, int4 a seventh; default: float32, or integers where they are',
      ).choices(['float32', 'float16', 'int8', 'int4']),
    )
    .addOption(
      new Option(
        '--format <format>',
        'simvlm, or hf: an imported model as a folder that transformers loads, adapters merged',
      )
        .choices(['simvlm', 'hf'])
        .default('simvlm'),
    )
    .addOption(plugin())
    .action(async options => done(await (await import('./commands/export')).exportCheckpoint(options)));

  addDataCommand(program, done);
  addMetricsCommand(program, done);
  const recipe = addRecipeCommand(program, done);

  const tokenizer = program.command('tokenizer').description('train and use tokenizers, a line at a time');
  tokenizer
    .command('train [file...]')
    .description('train a tokenizer on lines of text (files, or standard input)')
    .requiredOption(
      '--out <file>',
      'where it goes: a SentencePiece .model, or a tokenizer.json; wordpiece and byte-bpe: a tokenizer.json',
    )
    .addOption(
      new Option(
        '--type <type>',
        "the algorithm: SentencePiece's unigram or bpe, BERT's wordpiece, GPT-2's byte-bpe",
      )
        .choices(['unigram', 'bpe', 'wordpiece', 'byte-bpe'])
        .default('unigram'),
    )
    .option('--vocab-size <n>', 'number of pieces, special ones included', wholeNumber, 8000)
    .option(
      '--character-coverage <share>',
      'SentencePiece: share of the characters that get a piece of their own (default: 0.9995)',
      share,
    )
    .option('--byte-fallback', 'SentencePiece: spell unknown characters as UTF-8 bytes')
    .addOption(
      new Option(
        '--normalization <rule>',
        'SentencePiece: how text is normalised (default: nmt_nfkc)',
      ).choices(normalizationRules),
    )
    .option(
      '--user-defined-symbols <list>',
      'SentencePiece: texts that get a piece of their own, separated by commas',
      commaList,
    )
    .option(
      '--control-symbols <list>',
      'more special tokens, separated by commas: to SentencePiece pieces that no text gives',
      commaList,
    )
    .option('--cased', 'wordpiece: keep capitals and accents')
    .option('--limit-alphabet <n>', 'wordpiece: only so many characters get pieces; default: all', count)
    .option(
      '--min-frequency <n>',
      'wordpiece, byte-bpe: do not join what occurs less often (default: 1)',
      count,
    )
    .option('--max-lines <n>', 'train on so many lines drawn at random; default: on all', count)
    .option('--seed <n>', 'seed of that draw', wholeNumber, 0)
    .option('--soft-vocab-limit', 'a smaller vocabulary when the text gives no more, instead of an error')
    .action(async (files, options) =>
      done(await (await import('./commands/tokenizer')).tokenizerTrain(files, options)),
    );
  tokenizer
    .command('encode [file...]')
    .description('lines of text to lines of ids or pieces')
    .requiredOption(
      '--model <file>',
      'a SentencePiece .model, a tokenizer.json, a vocab.txt, a folder with vocab.json and merges.txt, or a checkpoint',
    )
    .addOption(new Option('--ids', 'print ids (the default)').conflicts('pieces'))
    .option('--pieces', 'print pieces')
    .action(async (files, options) =>
      done(await (await import('./commands/tokenizer')).tokenizerEncode(files, options)),
    );
  tokenizer
    .command('decode [file...]')
    .description('lines of space-separated ids (or pieces) to lines of text')
    .requiredOption(
      '--model <file>',
      'a SentencePiece .model, a tokenizer.json, a vocab.txt, a folder with vocab.json and merges.txt, or a checkpoint',
    )
    .addOption(new Option('--ids', 'read ids (the default)').conflicts('pieces'))
    .option('--pieces', 'read pieces')
    .action(async (files, options) =>
      done(await (await import('./commands/tokenizer')).tokenizerDecode(files, options)),
    );

  const lora = program
    .command('lora')
    .description('adapters of a run that was trained with "lora" in its config');
  lora
    .command('merge <checkpoint>')
    .description('write the checkpoint of the model without adapters that computes the same')
    .requiredOption('--out <dir>', 'where it goes: an empty or new folder')
    .option('--adapters <file>', 'merge these into the weights of the checkpoint, which has none')
    .addOption(plugin())
    .action(async (checkpoint, options) =>
      done(await (await import('./commands/lora')).loraMerge(checkpoint, options)),
    );
  lora
    .command('extract <checkpoint>')
    .description('write the adapters alone')
    .requiredOption('--out <file>', 'where they go: a safetensors file')
    .addOption(plugin())
    .action(async (checkpoint, options) =>
      done(await (await import('./commands/lora')).loraExtract(checkpoint, options)),
    );

  const native = program
    .command('native')
    .description('the backend on libtorch: PyTorch on the CPU or CUDA, without Python');
  native
    .command('build')
    .description('compile the addon for the libtorch of this machine (about a minute, once)')
    .action(async () => done(await (await import('./commands/native')).nativeBuild()));

  program
    .command('report')
    .description(
      'write an HTML file about a run, or several side by side: losses, metrics, speed, configurations',
    )
    .argument('<runs...>', 'run folders')
    .option('--out <file>', 'where it goes', 'report.html')
    .action(async (runs, options) => done(await (await import('./commands/report')).report(runs, options)));

  program
    .command('info')
    .description('what works on this machine, and what does not and why')
    .option('--json', 'print as JSON')
    .action(async options => done(await (await import('./commands/info')).info(options)));

  for (const command of program.commands.filter(each => COMPUTING.includes(each.name())))
    for (const option of computeOptions()) command.addOption(option);

  const commands = [program, tokenizer, lora, native, recipe].flatMap(each => each.commands);
  for (const command of [program, ...commands]) command.exitOverride();
  // Each is made with what the program allows, which is more: `simvlm eval emoji mine` would evaluate another checkpoint than `mine`.
  for (const command of commands) command.allowExcessArguments(false);
  return program;
}

function commaList(text: string): string[] {
  return text.split(',').filter(part => part !== '');
}
