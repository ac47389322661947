import { type Command, Option } from 'commander';
import {
  byteCount,
  collect,
  count,
  countUpTo,
  positiveNumber,
  wholeNumber,
  wholeNumberUpTo,
} from '../arguments';
import { addSourceOptions } from './data-source';

/** Adds `simvlm data`. What reads data is loaded when it runs. */
export function addDataCommand(program: Command, done: (code: number) => void): void {
  const data = program.command('data').description('look at data sets in the formats of the field');
  const command = (name: string, description: string) =>
    addSourceOptions(data.command(`${name} <source...>`).description(description));

  command(
    'list',
    'one JSON object a line for each sample: its key, its pictures with SHA-256, width and height, its texts and labels. A source is a folder, a file, a brace range such as shards/{0000..0063}.tar, or an address',
  )
    .option('--no-images', 'open no picture: of each, only its path')
    .action(async (sources, options) => done(await (await import('./data-list')).dataList(sources, options)));

  command('show', 'a contact sheet: one HTML file with small pictures and what is said of each')
    .requiredOption('--out <file>', 'where it goes: an HTML file')
    .option('--count <n>', 'samples on it', countUpTo(5000), 60)
    .option('--seed <n>', 'of the draw from all samples', wholeNumber, 0)
    .option('--first', 'the first samples instead: the rest is not read')
    .action(async (sources, options) => done(await (await import('./data-show')).dataShow(sources, options)));

  command(
    'stats',
    'counts: samples, pictures and their sizes, lengths of texts, labels, copies, and what cannot be used',
  )
    .option('--no-images', 'open no picture')
    .option('--decode', 'decode every picture, to find those that are damaged behind their header')
    .option(
      '--tokenizer <file>',
      'count tokens with it: a SentencePiece .model, a tokenizer.json, or a checkpoint or run folder',
    )
    .option('--json', 'print one JSON object')
    .action(async (sources, options) =>
      done(await (await import('./data-stats')).dataStats(sources, options)),
    );

  command(
    'convert',
    'write tar shards of WebDataset, with sizes.json: pictures as they were stored, or smaller; run again, it goes on where it was stopped',
  )
    .requiredOption(
      '--out <dir>',
      'where they go: a new folder, or the folder of a conversion that was stopped',
    )
    .option('--shard-size <n>', 'samples in a shard; default: 1000', count)
    .addOption(
      new Option('--shard-bytes <size>', 'bytes in a shard at most, such as 1GB')
        .argParser(byteCount)
        .conflicts('shardSize'),
    )
    .option('--resize <n>', 'make larger pictures smaller: so many pixels on the shorter side', count)
    .option('--quality <n>', 'of JPEG and WebP that are made smaller; default: 90', countUpTo(100))
    .option(
      '--without <file>',
      'leave out the samples whose keys stand in these JSON lines, such as those of data dedupe',
    )
    .option(
      '--workers <n>',
      'pictures that are read and made smaller at once; default: one for each processor',
      countUpTo(256),
    )
    .action(async (sources, options) =>
      done(await (await import('./data-convert')).dataConvert(sources, options)),
    );

  command(
    'fetch',
    'fetch the pictures of a list of addresses into tar shards, with a report; run again, it goes on where it was stopped. Pictures whose server answers "X-Robots-Tag: noai" (or noimageai, noindex, noimageindex) are left out',
  )
    .requiredOption('--out <dir>', 'where they go: a new folder, or the folder of a fetch that was stopped')
    .option('--shard-size <n>', 'rows of the list in a shard', countUpTo(10_000), 1000)
    .option('--concurrency <n>', 'requests at once', countUpTo(1024), 16)
    .option('--per-host <n>', 'requests at once for addresses of one host', countUpTo(1024), 4)
    .option('--timeout <seconds>', 'for one try', positiveNumber, 10)
    .option('--max-bytes <size>', 'of a picture', byteCount, 20e6)
    .option('--retries <n>', 'tries after the first, where another one may succeed', wholeNumber, 2)
    .option('--resize <n>', 'make larger pictures smaller: so many pixels on the shorter side', count)
    .option('--quality <n>', 'of JPEG and WebP that are made smaller', countUpTo(100), 90)
    .option('--user-agent <text>', 'how the requests say who asks; default: our name, and how to opt out')
    .option('--allow-private', 'ask private addresses too, such as those of this machine')
    .action(async (sources, options) =>
      done(await (await import('./data-fetch')).dataFetch(sources, options)),
    );

  data
    .command('icons')
    .description(
      'draw 135,000 icons of npm packages with their names into tar shards, without what the emoji are tested on; run again, it goes on where it was stopped. First: npm install --no-save @iconify/json@2.2.535 @carbon/pictograms@12.82.0',
    )
    .requiredOption('--out <dir>', 'where they go: a new folder, or the folder of a run that was stopped')
    .option(
      '--packages <dir>',
      'the project that the packages are installed in; default: the working directory',
    )
    .option('--size <n>', 'pixels of a side, 16 to 128; default: 64', countUpTo(128))
    .option('--shard-size <n>', 'samples in a shard; default: 1000', count)
    .option(
      '--workers <n>',
      'pictures that are drawn at once; default: two for each processor',
      countUpTo(256),
    )
    .action(async options => done(await (await import('./data-icons')).dataIcons(options)));

  command(
    'dedupe',
    'samples whose pictures look like those of earlier ones, or of another set: a line of JSON each, {"key", "of", "distance"}, with "index" where keys repeat. data convert --without leaves them out',
  )
    .option(
      '--against <source>',
      'another set, such as a test set (repeatable: one set in several files)',
      collect,
      [],
    )
    .option('--against-images <folder>', 'where the pictures lie that it names; default: its folder')
    .option('--distance <n>', 'bits in which hashes of 64 bits differ at most', wholeNumberUpTo(15), 4)
    .option('--out <file>', 'where the lines go; default: standard output')
    .option(
      '--workers <n>',
      'pictures that are decoded at once; default: one for each processor',
      countUpTo(256),
    )
    .action(async (sources, options) =>
      done(await (await import('./data-dedupe')).dataDedupe(sources, options)),
    );
}
