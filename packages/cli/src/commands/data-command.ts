import type { Command } from 'commander';

/** Adds `simvlm data`. What reads data is loaded when it runs. */
export function addDataCommand(program: Command, done: (code: number) => void): void {
  const data = program.command('data').description('look at data sets in the formats of the field');
  data
    .command('list <source...>')
    .description(
      'one JSON object a line for each sample: its key, its pictures with SHA-256, width and height, its texts and labels. A source is a folder, a file, a brace range such as shards/{0000..0063}.tar, or an address',
    )
    .option(
      '--format <name>',
      'webdataset, parquet, arrow, csv, tsv, jsonl, imagefolder, coco, karpathy, vqav2, nlvr2, snli-ve, flickr30k, textcaps, nocaps or parallel (two files); default: recognised',
    )
    .option('--images <folder>', 'where the pictures lie that a file names; default: its folder')
    .option('--no-images', 'open no picture: of each, only its path')
    .option('--annotations <file>', 'the second file of vqav2')
    .option('--split <name>', 'this split alone (train+restval: two); samples that name none get it')
    .option(
      '--map <pairs>',
      'names of columns, keys or extensions: image=COLUMN,text=COLUMN (url=, label=, key=, question=, … too); a number, from 0, is a column of a file without a header',
    )
    .action(async (sources, options) => done(await (await import('./data-list')).dataList(sources, options)));
}
