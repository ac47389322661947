import type { Command } from 'commander';

/** What the commands of `simvlm data` are told of a source, besides its place. */
export interface SourceOptions {
  readonly format?: string;
  /** A path, or false for `--no-images`, which opens no picture. */
  readonly images?: string | false;
  readonly annotations?: string;
  readonly split?: string;
  readonly map?: string;
}

/** The options of every command that reads a source. */
export function addSourceOptions(command: Command): Command {
  return command
    .option(
      '--format <name>',
      'webdataset, parquet, arrow, csv, tsv, jsonl, imagefolder, coco, karpathy, vqav2, nlvr2, snli-ve, flickr30k, textcaps, nocaps, glue or parallel (two files, and a third that names the pictures); default: recognised',
    )
    .option('--images <folder>', 'where the pictures lie that a file names; default: its folder')
    .option('--annotations <file>', 'the second file of vqav2')
    .option('--split <name>', 'this split alone (train+restval: two); samples that name none get it')
    .option(
      '--map <pairs>',
      'names of columns, keys or extensions: image=COLUMN,text=COLUMN (url=, label=, key=, question=, … too); a number, from 0, is a column of a file without a header',
    );
}
