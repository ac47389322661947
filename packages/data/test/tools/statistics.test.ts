import type { Sample, Tokenizer } from '@simvlm/core';
import { openReader } from '@simvlm/data';
import { dataStatistics, placeAt } from '@simvlm/data/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContentSet } from '../../src/tools/stats/content-set';
import { ValueCounter } from '../../src/tools/stats/distribution';
import { fixture } from '../readers/read-all';
import { missing, pngHeader, readerOf, stored } from './fixture';

/** A token a character; "?" is unknown. */
const letters: Tokenizer = {
  vocabSize: 128,
  special: { pad: 0, bos: 1, eos: 2, unk: 3 },
  encode: text => Int32Array.from(text, letter => (letter === '?' ? 3 : letter.charCodeAt(0))),
  decode: () => '',
};

const samples: Sample[] = [
  {
    key: 'a',
    images: [stored('a.png', pngHeader(40, 30))],
    texts: ['one', 'three'],
    text: 'one',
    split: 'train',
  },
  { key: 'b', images: [stored('b.png', pngHeader(40, 30))], text: 'one', label: 'fox', split: 'train' },
  {
    key: 'c',
    images: [stored('c.png', pngHeader(20, 60, 7))],
    question: 'why?',
    answers: ['so', 'so'],
    label: 'fox',
  },
  { key: 'd', images: [{ ...missing('http://x/d.png'), isRemote: true }], text: '狐🦊' },
  { key: 'e', images: [missing('e.png')], text: 'its picture is not there' },
  { key: 'f', images: [stored('f.png', new TextEncoder().encode('<html>'))], text: 'no picture' },
];

test('counts samples, pictures, texts, labels, copies and what cannot be used', async () => {
  const statistics = await dataStatistics(readerOf(samples, ['line 7: damaged']), { tokenizer: letters });
  expect(statistics).toMatchObject({
    format: 'test',
    samples: 4,
    with: { picture: 4, text: 3, texts: 1, question: 1, answers: 1, label: 2, split: 2 },
    addresses: 1,
    pictures: {
      count: 3,
      distinct: 2,
      width: { min: 20, median: 40, p95: 40, max: 40 },
      height: { min: 30, median: 30, p95: 60, max: 60, mean: 40 },
      bytes: { min: 33, max: 40 },
      formats: { png: 3 },
    },
    splits: { train: 2 },
    labels: { distinct: 1, counts: [['fox', 2]], others: 0 },
  });
  expect(statistics.texts.text).toMatchObject({ count: 4, distinct: 3, letters: { min: 2, max: 5 } });
  expect(statistics.texts.question).toMatchObject({ count: 1, unknownShare: 0.25, tokens: { max: 4 } });
  expect(statistics.texts.answer).toMatchObject({ count: 2, distinct: 1 });
  expect(Object.keys(statistics.texts)).toEqual(['text', 'question', 'answer']);
  expect(statistics.unusable).toMatchObject({
    count: 3,
    reasons: [
      'line 7: damaged',
      expect.stringMatching(/e\.png/),
      expect.stringMatching(/^f: this is not a picture/),
    ],
  });
});

test('opens no picture when told so, and finds damage behind a header only when it decodes', async () => {
  const none = await dataStatistics(readerOf(samples), { pictures: 'none' });
  expect(none).toMatchObject({ samples: 6, unusable: { count: 0 } });
  expect(none).not.toHaveProperty('pictures');
  const decoded = await dataStatistics(readerOf(samples), { pictures: 'decode' });
  expect(decoded).toMatchObject({ samples: 1, unusable: { count: 5 } });
});

test('reads every format through the same door', async () => {
  const reader = await openReader(await placeAt([fixture('parquet/train-00000-of-00001.parquet')]));
  const { samples, pictures, unusable } = await dataStatistics(reader, { pictures: 'decode' });
  expect(samples).toBeGreaterThan(0);
  expect(pictures?.count).toBeGreaterThan(0);
  expect(unusable.count).toBe(reader.skipped().count);
});

describe('distributions', () => {
  const values = fc.array(fc.oneof(fc.nat(3000), fc.maxSafeNat()), { minLength: 1, maxLength: 60 });

  test('quantiles are exact below 2,048, and at most 0.1 % too small above', () => {
    fc.assert(
      fc.property(values, list => {
        const counter = new ValueCounter();
        for (const value of list) counter.add(value);
        const { min, max, median, p95 } = counter.distribution()!;
        const sorted = list.toSorted((a, b) => a - b);
        expect([min, max]).toEqual([sorted[0], sorted.at(-1)]);
        for (const [found, share] of [
          [median, 0.5],
          [p95, 0.95],
        ] as const) {
          const exact = sorted[Math.ceil(share * list.length) - 1]!;
          expect(found).toBeLessThanOrEqual(exact);
          expect(found).toBeGreaterThanOrEqual(exact < 2048 ? exact : exact * 0.999);
        }
      }),
    );
  });

  test('contents that differ are counted beyond the room there is at first', () => {
    const set = new ContentSet();
    for (let i = 0; i < 3000; i++) set.add(`text ${i % 1700}`);
    expect([set.count, set.distinct()]).toEqual([3000, 1700]);
  });
});
