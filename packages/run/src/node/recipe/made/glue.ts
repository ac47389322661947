import { ConfigError } from '@simvlm/core';
import { at, CAPTIONS } from './sentences';
import type { Make } from './source';
import { write } from './write';

/** What a file of a task has: the names of its columns, none in CoLA, and the cells of a row. */
interface Table {
  readonly columns?: string;
  readonly row: (sentences: readonly [string, string], i: number) => readonly (string | number)[];
}

const follows = ['entailment', 'not_entailment'];
const inferred = ['entailment', 'neutral', 'contradiction'];

/** The official files of GLUE, by the folder that they lie in: separated by tabs, without quotes. */
const tables: Readonly<Record<string, Table>> = {
  CoLA: { row: ([sentence], i) => ['gj04', 1 - (i % 2), i % 2 ? '*' : '', sentence] },
  'SST-2': { columns: 'sentence label', row: ([sentence], i) => [sentence, i % 2] },
  MRPC: {
    columns: 'Quality|#1 ID|#2 ID|#1 String|#2 String',
    row: ([first, second], i) => [i % 2, 702876 + i, 702977 + i, first, second],
  },
  QQP: {
    columns: 'id qid1 qid2 question1 question2 is_duplicate',
    row: ([first, second], i) => [i, 2 * i, 2 * i + 1, first, second, i % 2],
  },
  'STS-B': {
    columns: 'index genre filename year old_index source1 source2 sentence1 sentence2 score',
    row: ([first, second], i) => [
      i,
      'main-captions',
      'MSRvid',
      '2012test',
      i,
      'none',
      'none',
      first,
      second,
      (i % 6).toFixed(3),
    ],
  },
  MNLI: {
    columns:
      'index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse sentence1 sentence2 label1 gold_label',
    row: ([first, second], i) => [
      i,
      31193,
      `31193${'enc'[i % 3]}`,
      'government',
      first,
      second,
      first,
      second,
      first,
      second,
      at(inferred, i),
      at(inferred, i),
    ],
  },
  QNLI: {
    columns: 'index question sentence label',
    row: ([first, second], i) => [i, first, second, at(follows, i)],
  },
  RTE: {
    columns: 'index sentence1 sentence2 label',
    row: ([first, second], i) => [i, first, second, at(follows, i)],
  },
  WNLI: {
    columns: 'index sentence1 sentence2 label',
    row: ([first, second], i) => [i, first, second, i % 2],
  },
};

/** A file of GLUE, such as `MRPC/train.tsv`. */
export const glue: Make = async ({ path }, place) => {
  const file = path as string;
  const folder = file.split('/').at(-2) ?? '';
  const table = tables[folder];
  if (!table)
    throw new ConfigError(
      'CONFIG_INVALID',
      `a check makes tables of ${Object.keys(tables).join(', ')}, by the folder of the file, not of ${file}`,
    );
  const { columns, row } = table;
  const head = columns === undefined ? [] : [columns.split(columns.includes('|') ? '|' : ' ')];
  const rows = CAPTIONS.map((text, i) => row([text, at(CAPTIONS, i + 1)], i));
  await write(place(file), [...head, ...rows].map(cells => `${cells.join('\t')}\n`).join(''));
};
