import { expect, test } from 'vitest';
import { checkParts, ownParts, resolveRunConfig, type SourceConfig } from '../src/index';
import { isTestSplit, namedTestSplit } from '../src/sources/test-split';

test.each(['test', 'test2015', 'testdev', 'Test-A', 'unseenArtist', 'unseen-concept'])(
  '%s is a test split',
  name => expect(isTestSplit(name)).toBe(true),
);

test.each(['val', 'dev', 'train', 'restval', 'latest', 'minival'])('%s is none', name =>
  expect(isTestSplit(name)).toBe(false),
);

test.each([
  ['mine/test', 'test'],
  ['data/test-00000-of-00002.parquet', 'test-00000-of-00002.parquet'],
  ['snli_ve_test.jsonl', 'snli_ve_test.jsonl'],
  ['data/test/{0000..0063}.tar', 'test'],
  [{ path: ['a.tsv', 'test_matched.tsv'] }, 'test_matched.tsv'],
  [{ path: 'coco.json', split: 'val+test' }, 'test'],
  [{ source: 'emoji', split: 'unseenArtist' }, 'unseenArtist'],
] satisfies [SourceConfig, string][])('%j names its test split', (source, split) =>
  expect(namedTestSplit(source)).toBe(split),
);

test.each<SourceConfig>([
  'mine/val',
  'test/val',
  'contest',
  'latest.jsonl',
  { path: 'test.json', split: 'val' },
  { source: 'test' },
  { source: 'emoji', split: 'val' },
])('%j names none', source => expect(namedTestSplit(source)).toBeUndefined());

test('a run cannot choose its checkpoints by a test split', () => {
  const config = resolveRunConfig({
    name: 'a',
    data: { train: 'train', val: ['val', { path: 'coco.json', split: 'test' }] },
    optimizer: { learningRate: 0.01 },
    model: 'tiny',
    steps: 1,
  });
  expect(() => checkParts(config, ownParts())).toThrow(
    '"data.val" holds the test split "test": what chooses a model',
  );
});
