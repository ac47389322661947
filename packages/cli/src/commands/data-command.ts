import type { Command } from 'commander';
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
}
