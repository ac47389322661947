import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { glueSource, listLine, memoryFolder, recognise } from '../../src/index';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { readAll } from './read-all';

/** The first lines of files as GLUE has them. A byte order mark, ends of lines of Windows and quotes are theirs. */
const files: Record<string, string> = {
  'CoLA/train.tsv': 'gj04\t1\t\tOne more "pseudo and I\'m out.\ngj04\t0\t*\tThey drank the pub.\n',
  'CoLA/test.tsv': 'index\tsentence\n0\tBill whistled.\n',
  'SST-2/dev.tsv': 'sentence\tlabel\na warm , funny film \t1\nunflinchingly bleak \t0\n',
  'MRPC/train.tsv':
    '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t70\t71\tHe said "no .\tHe "declined" .\r\n0\t72\t73\tA .\tB .\r\n',
  'MRPC/test.tsv': '\ufeffindex\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n0\t10\t11\tA .\tB .\r\n',
  'QQP/dev.tsv':
    'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n7\t1\t2\tWhy ?\tHow ?\t0\n8\t3\t4\t\tHow ?\t1\n',
  'STS-B/dev.tsv':
    'index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n0\tm\tf\t2012\t1\tn\tn\tA man.\tA person.\t3.800\n',
  'MNLI/dev_matched.tsv':
    'index\tpairID\tsentence1_parse\tsentence1\tsentence2\tlabel1\tgold_label\n0\t1n\t( a )\tA.\tB.\tneutral\tentailment\n1\t2n\t( a )\tA.\tC.\tneutral\t-\n',
  'QNLI/train.tsv': 'index\tquestion\tsentence\tlabel\n0\tWho ?\tHe.\tnot_entailment\n',
  'RTE/train.tsv': 'index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tentailment\n1\tA.\tB.\n',
  'WNLI/test.tsv': 'index\tsentence1\tsentence2\n0\tA.\tB.\n',
};

const encoder = new TextEncoder();
const folderOf = (texts: Record<string, string | Uint8Array>) =>
  memoryFolder(
    new Map(
      Object.entries(texts).map(([name, text]) => [
        name,
        typeof text === 'string' ? encoder.encode(text) : text,
      ]),
    ),
  );
const folder = folderOf(files);
const open = (name: string) => glueSource([folder.file(name)]);

test.each(Object.keys(files))('%s is recognised', async name => {
  expect(await recognise({ folder, files: [folder.file(name)] })).toBe('glue');
});

test('a table of one column that happens to be called so stays a table', async () => {
  const others = folderOf({
    'mine/a.tsv': 'sentence\tlabel\nx\t1\n',
    'mine/b.tsv': 'image\tsentence1\tsentence2\nx\ty\tz\n',
  });
  for (const name of ['mine/a.tsv', 'mine/b.tsv'])
    expect(await recognise({ folder: others, files: [others.file(name)] })).toBe('tsv');
});

describe('what the files say', () => {
  test.each([
    [
      'CoLA/train.tsv',
      [
        ['1', 'One more "pseudo and I\'m out.'],
        ['0', 'They drank the pub.'],
      ],
      0,
    ],
    ['CoLA/test.tsv', [[undefined, 'Bill whistled.']], 0],
    [
      'SST-2/dev.tsv',
      [
        ['1', 'a warm , funny film'],
        ['0', 'unflinchingly bleak'],
      ],
      0,
    ],
    [
      'MRPC/train.tsv',
      [
        ['1', 'He said "no .', 'He "declined" .'],
        ['0', 'A .', 'B .'],
      ],
      0,
    ],
    ['MRPC/test.tsv', [[undefined, 'A .', 'B .']], 0],
    ['QQP/dev.tsv', [['0', 'Why ?', 'How ?']], 1],
    ['STS-B/dev.tsv', [['3.800', 'A man.', 'A person.']], 0],
    ['MNLI/dev_matched.tsv', [['entailment', 'A.', 'B.']], 1],
    ['QNLI/train.tsv', [['not_entailment', 'Who ?', 'He.']], 0],
    ['RTE/train.tsv', [['entailment', 'A.', 'B.']], 1],
    ['WNLI/test.tsv', [[undefined, 'A.', 'B.']], 0],
  ] as const)('%s', async (name, want, skipped) => {
    const reader = open(name).read();
    const samples = await readAll(reader);
    expect(samples.map(({ label, fields }) => [label, ...Object.values(fields!)])).toEqual(want);
    expect(reader.skipped().count).toBe(skipped);
    const file = name.split('/')[1]!;
    for (const { key, split, images } of samples) {
      expect(key.startsWith(`${file}:`)).toBe(true);
      expect(split).toBe(file.replace('.tsv', ''));
      expect(images).toEqual([]);
    }
  });

  test('a line that is skipped is told with its file, its line and the reason', async () => {
    const reasons = async (name: string) => {
      const reader = open(name).read();
      await readAll(reader);
      return reader.skipped().reasons.join();
    };
    expect(await reasons('RTE/train.tsv')).toContain('train.tsv:3: 3 fields, and 4 columns');
    expect(await reasons('QQP/dev.tsv')).toContain('dev.tsv:3: a sentence is empty');
    expect(await reasons('MNLI/dev_matched.tsv')).toContain('dev_matched.tsv:3: it has no label');
  });

  test('a list of samples shows sentences and labels', async () => {
    const [sample] = await readAll(open('MRPC/train.tsv'));
    expect(await listLine(sample!)).toEqual({
      ...{ key: 'train.tsv:2', images: [], split: 'train', label: '1' },
      ...{ sentence1: 'He said "no .', sentence2: 'He "declined" .' },
    });
  });

  test('what is none of these is an error', async () => {
    const others = folderOf({ 'a.tsv': 'name\tvalue\nx\t1\n', 'b.tsv': '' });
    await expect(readAll(glueSource([others.file('a.tsv')]))).rejects.toThrow(
      'a.tsv: its first line is neither a header of GLUE nor a line of CoLA: name, value',
    );
    await expect(readAll(glueSource([others.file('b.tsv')]))).rejects.toThrow('b.tsv is empty');
  });
});

describe('places', () => {
  const lines = Array.from(
    { length: 9 },
    (_, i) => `${i}\tsentence ${i}\tanother ${i}\t${i === 4 ? '-' : 'entailment'}`,
  );
  const long = folderOf({
    'RTE/train.tsv': `index\tsentence1\tsentence2\tlabel\n${lines.join('\n')}\n`,
    'CoLA/train.tsv': Array.from({ length: 6 }, (_, i) => `gj04\t${i % 2}\t\tSentence ${i}.`).join('\n'),
  });

  test.each(['RTE/train.tsv', 'CoLA/train.tsv'])('%s: exact, and shares are disjoint', async name => {
    const source = () => glueSource([long.file(name)]);
    await expectExactResume(source, [0, 1, 3, 4, 5, 6]);
    await expectDisjointShares(source, [2, 3]);
  });

  test.each(['MRPC/train.tsv', 'CoLA/train.tsv'])(
    '%s, cut off or changed anywhere: whole samples, counted ones, or a typed error',
    async name => {
      const whole = encoder.encode(files[name]!);
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (place, value, isCut) => {
          const copy = isCut ? whole.slice(0, place) : whole.slice();
          if (!isCut) copy[place] = value;
          const damaged = folderOf({ [name]: copy });
          await expectTypedEnd(() => glueSource([damaged.file(name)]));
        }),
        { numRuns: 60 },
      );
    },
  );
});
