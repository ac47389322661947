import { type Draw, type JsonValue, Random, type SampleSource } from '@simvlm/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  arrowSource,
  cocoSource,
  csvSource,
  jsonlSource,
  memoryFolder,
  parquetSource,
  webDatasetSource,
} from '../../src/index';
import { diskFile, diskFolder } from '../../src/node';
import { fixture } from '../readers/read-all';

const file = (path: string) => diskFile(fixture(path));
const utf8 = (text: string) => new TextEncoder().encode(text);
const rows = Array.from({ length: 23 }, (_, i) => i);
const made = memoryFolder(
  new Map([
    ['a.csv', utf8(`id,text\n${rows.map(i => `a${i},"line 1\nline ""2"" of ${i}"\n`).join('')}`)],
    ['b.csv', utf8(`id,text\n${rows.map(i => `b${i},text ${i}\n`).join('')}`)],
    ['a.jsonl', utf8(rows.map(i => `{"id":"a${i}","text":"é ${i}"}\n`).join(''))],
    ['b.jsonl', utf8(rows.map(i => `{"id":"b${i}","text":"text ${i}"}`).join('\n\n'))],
  ]),
);

const sources: [string, () => SampleSource][] = [
  ['tar', () => webDatasetSource([0, 1, 2, 3].map(i => file(`webdataset/plain-00000${i}.tar`)))],
  ['tar.gz', () => webDatasetSource([file('webdataset/packed.tar'), file('webdataset/names-pax.tar')])],
  ['Parquet', () => parquetSource(['laion-zstd', 'pairs'].map(name => file(`parquet/${name}.parquet`)))],
  ['Arrow', () => arrowSource([file('arrow/stream.arrow'), file('arrow/file.arrow')])],
  ['CSV', () => csvSource(['a.csv', 'b.csv'].map(made.file))],
  ['JSON lines', () => jsonlSource(['a.jsonl', 'b.jsonl'].map(made.file))],
  [
    'COCO',
    () =>
      cocoSource(file('annotations/captions_val2014.json'), {
        images: diskFolder(fixture('annotations/images')),
      }),
  ],
];

/** Draws of a run. */
const LENGTH = 100;

/** A run is killed at each of the points in one of these. */
const RUNS = [
  { size: 1, shuffle: undefined },
  { size: 1, shuffle: 5 },
  { size: 1, shuffle: false },
  { size: 2, shuffle: 5 },
] as const;

test.each(sources)(
  '%s: killed at any of 50 random points and resumed, the sequence of keys is that of the uninterrupted run',
  async (_, open) => {
    const points = fc.sample(fc.nat(LENGTH - 8), { numRuns: 50, seed: 1 });
    for (const [i, { size, shuffle }] of RUNS.entries()) {
      const whole = await sequence(open(), size, shuffle, LENGTH);
      for (const point of points.filter((_, at) => at % RUNS.length === i)) {
        const states = whole.map(own => own.states[point]!);
        const rest = await sequence(open(), size, shuffle, 8, JSON.parse(JSON.stringify(states)));
        expect(rest.map(({ keys }) => keys)).toEqual(whole.map(({ keys }) => keys.slice(point, point + 8)));
      }
    }
  },
);

/** What each of several processes draws, and where it stands before each draw. */
async function sequence(
  source: SampleSource,
  size: number,
  shuffle: number | false | undefined,
  length: number,
  from?: JsonValue[],
): Promise<{ keys: string[]; states: JsonValue[] }[]> {
  const processes = Array.from({ length: size }, async (_, rank) => {
    const order = source.order({ share: { rank, size }, random: Random.fromSeed(5), shuffle });
    if (from) order.restore(from);
    const [keys, states]: [string[], JsonValue[]] = [[], []];
    while (keys.length < length) {
      states.push(order.state());
      keys.push(named(await order.next()));
    }
    return { keys, states };
  });
  return Promise.all(processes);
}

function named({ sample, problem, epoch }: Draw): string {
  return `${epoch} ${sample?.key ?? problem?.message}`;
}
