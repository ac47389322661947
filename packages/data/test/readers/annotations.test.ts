import { readFileSync } from 'node:fs';
import type { Sample, SampleSource } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnnotationOptions,
  cocoSource,
  type DataFile,
  flickr30kSource,
  karpathySource,
  memoryFolder,
  nlvr2Source,
  parallelSource,
  snliVeSource,
  textCapsSource,
  vqaSource,
} from '../../src/index';
import { diskFolder } from '../../src/node';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { expected, fixture, keys, pictures, readAll } from './read-all';

const folder = diskFolder(fixture('annotations'));
const images = diskFolder(fixture('annotations/images'));
const annotations = folder.file('v2_mscoco_val2014_annotations.json');
const memory = (name: string, content: string | Uint8Array) =>
  memoryFolder(
    new Map([[name, typeof content === 'string' ? new TextEncoder().encode(content) : content]]),
  ).file(name);

type Open = (file: DataFile, options: AnnotationOptions) => SampleSource;
const formats: [string, string, Open][] = [
  ['coco', 'captions_val2014.json', cocoSource],
  ['nocaps', 'nocaps_val.json', (file, options) => cocoSource(file, { ...options, format: 'nocaps' })],
  ['karpathy', 'dataset_coco.json', karpathySource],
  [
    'vqav2',
    'v2_OpenEnded_mscoco_val2014_questions.json',
    (file, options) => vqaSource(file, { ...options, annotations }),
  ],
  ['nlvr2', 'nlvr2_dev.json', nlvr2Source],
  ['snli-ve', 'snli_ve_dev.jsonl', snliVeSource],
  ['flickr30k', 'results_20130124.token', flickr30kSource],
  ['flickr30k', 'results.csv', flickr30kSource],
  ['textcaps', 'TextCaps_0.1_val.json', textCapsSource],
];

const texts = ({ text, texts }: Sample) => texts ?? (text === undefined ? [] : [text]);

describe('what pycocotools reads', () => {
  test.each([
    ['coco', 'captions_val2014'],
    ['nocaps', 'nocaps_val'],
  ] as const)('%s', async (format, name) => {
    const samples = await readAll(cocoSource(folder.file(`${name}.json`), { images, format }));
    expect(
      samples.map(sample => ({
        key: sample.key,
        path: sample.images[0]!.path,
        domain: sample.fields!.domain ?? null,
        texts: texts(sample),
      })),
    ).toEqual(expected('annotations')[name]);
    expect(await pictures(samples[0]!)).toHaveLength(1);
  });
});

describe('each format', () => {
  test('Karpathy: sentences without their line breaks, and one split or two', async () => {
    const open = (split?: string) =>
      karpathySource(folder.file('dataset_coco.json'), { images, ...(split && { split }) });
    const samples = await readAll(open());
    expect(samples.map(({ split }) => split)).toEqual(['train', 'restval', 'val', 'test']);
    expect(samples[1]).toMatchObject({ key: '522418', texts: ['A sentence 0 of 1.', 'A sentence 1 of 1.'] });
    expect(samples[1]!.images[0]!.path).toBe('val2014/COCO_val2014_000000522418.jpg');
    expect(await keys(open('train+restval'))).toEqual(['391895', '522418']);
  });

  test('VQAv2: ten answers from the second file; a question without annotation is counted', async () => {
    const file = folder.file('v2_OpenEnded_mscoco_val2014_questions.json');
    const reader = vqaSource(file, { images, annotations }).read();
    const samples = await readAll(reader);
    expect(samples[1]).toMatchObject({
      key: '522418001',
      question: 'What is 1?',
      answers: ['a0', 'a1', 'a2', 'a0', 'a1', 'a2', 'a0', 'a1', 'a2', 'a0'],
      fields: { multiple_choice_answer: 'down', image_id: 522418, answer_type: 'other' },
    });
    expect(await pictures(samples[1]!)).toHaveLength(1);
    expect(reader.skipped()).toMatchObject({ count: 1 });
    expect(reader.skipped().reasons[0]).toContain('question 318219003 has no annotation');
    const alone = await readAll(vqaSource(file, { images }));
    expect(alone.map(({ answers }) => answers)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('NLVR2: two pictures, in the folder of `directory`, and the label as text', async () => {
    const samples = await readAll(nlvr2Source(folder.file('nlvr2_dev.json'), { images, split: 'dev' }));
    expect(
      samples.map(({ images, label, text, split }) => [images.map(({ path }) => path), label, text, split]),
    ).toEqual([
      [['dev-850-0-img0.png', 'dev-850-0-img1.png'], 'True', 'The right image shows a dog.', 'dev'],
      [['17/train-10171-0-img0.png', '17/train-10171-0-img1.png'], 'False', 'Two dogs.', 'dev'],
    ]);
    for (const sample of samples) expect(await pictures(sample)).toHaveLength(2);
  });

  test('SNLI-VE: the hypothesis and the label; a pair without a gold label is counted', async () => {
    const reader = snliVeSource(folder.file('snli_ve_dev.jsonl'), { images }).read();
    const samples = await readAll(reader);
    expect(samples.map(({ text, label, images }) => [text, label, images[0]!.path])).toEqual([
      ['A hypothesis 0.', 'neutral', '1000.jpg'],
      ['A hypothesis 2.', 'entailment', '1002.jpg'],
    ]);
    expect(reader.skipped().count).toBe(1);
  });

  test.each([
    ['results_20130124.token', 2],
    ['results.csv', 3],
  ])('Flickr30k: %s, quotes and bars in captions', async (name, last) => {
    const samples = await readAll(flickr30kSource(folder.file(name), { images }));
    expect(samples.map(({ key }) => key)).toEqual(['1000', '1001', '1002']);
    expect(samples[1]!.texts).toEqual(['A "caption" | 0 of 1 .', 'A "caption" | 1 of 1 .']);
    expect(samples[2]!.texts).toHaveLength(last);
    if (last === 3) expect(samples[2]!.texts![2]).toBe('A dog runs across the grass .');
  });

  test('TextCaps: the rows of a picture together', async () => {
    const samples = await readAll(textCapsSource(folder.file('TextCaps_0.1_val.json'), { images }));
    expect(samples.map(({ key, texts, images }) => [key, texts, images[0]!.path])).toEqual(
      [0, 1, 2].map(i => [`abc${i}`, [`Sign 0 of ${i}`, `Sign 1 of ${i}`], `train/abc${i}.jpg`]),
    );
  });

  test('parallel text: line by line; an empty line is counted', async () => {
    const open = () => parallelSource(folder.file('text.en'), folder.file('text.de'));
    const reader = open().read();
    expect((await readAll(reader)).map(({ key, source, target }) => [key, source, target])).toEqual([
      ['text.en:1', 'one', 'eins'],
      ['text.en:2', 'two words', 'zwei Wörter'],
      ['text.en:4', 'four', 'vier'],
    ]);
    expect(reader.skipped().count).toBe(1);
    await expectExactResume(open, [0, 1, 2, 3]);
    await expectDisjointShares(open, [2, 4]);
    await expect(keys(parallelSource(memory('a', 'x\ny\n'), memory('b', 'x\n')))).rejects.toThrow(
      'folder/b ends after 1 lines, and folder/a goes on',
    );
    await expect(keys(parallelSource(memory('a', 'x\n'), memory('b', 'x\ny\n')))).rejects.toThrow(
      /folder\/a ends after 1/,
    );
  });

  test('Multi30k: line n of a third file names the picture of line n', async () => {
    const list = folder.file('text.images');
    const open = (pictures = list) =>
      parallelSource(folder.file('text.en'), folder.file('text.de'), { pictures, images });
    const samples = await readAll(open());
    expect(samples.map(({ key, images, target }) => [key, images[0]!.path, target])).toEqual([
      ['text.en:1', '1000.jpg', 'eins'],
      ['text.en:2', '1001.jpg', 'zwei Wörter'],
      ['text.en:4', '1002.jpg', 'vier'],
    ]);
    for (const sample of samples) expect(await pictures(sample)).toHaveLength(1);
    await expectExactResume(() => open(), [0, 1, 2, 3]);
    await expectDisjointShares(() => open(), [2, 4]);

    const damaged = open(memory('list', '1000.jpg\n#3\n\n../1002.jpg\n')).read();
    expect(await keys(damaged)).toEqual(['text.en:1']);
    expect(damaged.skipped().reasons.join('\n')).toMatch(
      /text\.en:2: a line without a picture.*a line without a translation.*"\.\.\/1002\.jpg" lies outside/s,
    );
    await expect(keys(open(memory('list', '1000.jpg\n')))).rejects.toThrow(
      /folder\/list ends after 1 lines, and .*text\.en goes on/,
    );
  });

  test('parallel text with pictures, cut off or changed anywhere', async () => {
    const lists = ['text.en', 'text.de', 'text.images'].map(
      name => new Uint8Array(readFileSync(fixture(`annotations/${name}`))),
    );
    const byte = fc.record({ file: fc.nat(2), place: fc.nat(15), value: fc.nat(255), isCut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(byte, async ({ file, place, value, isCut }) => {
        const [source, target, list] = lists.map((whole, i) => {
          const copy = i === file && isCut ? whole.slice(0, place) : whole.slice();
          if (i === file && !isCut) copy[place] = value;
          return memory(`file${i}`, copy);
        });
        await expectTypedEnd(() => parallelSource(source!, target!, { pictures: list!, images }));
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(formats)('%s (%s)', (_, name, open) => {
  test('the position is exact, and shares are disjoint', async () => {
    const source = () => open(folder.file(name), { images });
    const { length } = await keys(source());
    await expectExactResume(
      source,
      Array.from({ length: length + 1 }, (_, i) => i),
    );
    await expectDisjointShares(source, [2, 3].slice(0, length - 1));
  });

  test('cut off or changed anywhere: whole samples, counted ones, or a typed error', async () => {
    const whole = new Uint8Array(readFileSync(fixture(`annotations/${name}`)));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (place, value, isCut) => {
        const copy = isCut ? whole.slice(0, place) : whole.slice();
        if (!isCut) copy[place] = value;
        // Pictures of other names are not there, which is an error of its own.
        await expectTypedEnd(() => open(memory(name, copy), { images }));
      }),
      { numRuns: 60 },
    );
  });

  test('a file of another shape is a typed error or nothing but counted lines', async () => {
    for (const content of [
      '[]',
      '{}',
      'null',
      '7',
      '{"images":7,"data":{},"questions":"x"}',
      '{"images":[7],"annotations":[null]}',
    ]) {
      const reader = open(memory(name, content), { images }).read();
      await expectTypedEnd(() => open(memory(name, content), { images }));
      expect(await keys(reader).catch(() => [])).toEqual([]);
    }
  });
});

test('a path that leaves the folder is skipped and counted', async () => {
  const content = JSON.stringify({
    images: [
      { id: 1, file_name: '../../x.jpg' },
      { id: 2, file_name: 'ok.jpg' },
    ],
    annotations: [],
  });
  const reader = cocoSource(memory('a.json', content), { images }).read();
  expect(await keys(reader)).toEqual(['2']);
  expect(reader.skipped().reasons).toEqual(['folder/a.json: image 0: "../../x.jpg" lies outside the folder']);
});

test('a caption of a picture that is not there, and an empty one, are counted', async () => {
  const content = JSON.stringify({
    images: [{ id: 1, file_name: 'a.jpg' }],
    annotations: [
      { image_id: 2, caption: 'x' },
      { image_id: 1, caption: ' ' },
      { image_id: 1, caption: 'y' },
    ],
  });
  const reader = cocoSource(memory('a.json', content), { images }).read();
  expect((await readAll(reader)).map(({ text }) => text)).toEqual(['y']);
  expect(reader.skipped().count).toBe(2);
});
