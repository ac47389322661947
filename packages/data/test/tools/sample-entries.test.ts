import type { JsonValue, Sample } from '@simvlm/core';
import { memoryFolder, webDatasetSource } from '@simvlm/data';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryName, sampleEntries, storedPicture } from '../../src/tools/convert/sample-entries';
import { TAR_END, tarBytes } from '../../src/tools/convert/tar-writer';
import { readAll } from '../readers/read-all';
import { pngHeader } from './fixture';

/** Text as readers give it: never white space alone, and without a byte order mark at its beginning. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter(each => each.trim() !== '' && !each.startsWith('\ufeff'));
const json = fc.jsonValue({ maxDepth: 2 }).map(value => JSON.parse(JSON.stringify(value)) as JsonValue);
const field = fc.oneof(
  fc.constantFrom('url', 'id', 'caption', 'label', 'question', 'width'),
  text.filter(name => name !== '__proto__'),
);
const label = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
  fc.constant('fox'),
);
const captions = fc
  .array(text, { minLength: 1, maxLength: 3 })
  .map(texts => ({ text: texts[0], ...(texts.length > 1 && { texts }) }));
const some = fc.record(
  {
    question: text,
    answers: fc.array(text, { minLength: 1 }),
    label,
    split: text,
    source: text,
    target: text,
  },
  { requiredKeys: [] },
);
const sample = fc
  .tuple(text, fc.oneof(captions, fc.constant({})), some, fc.dictionary(field, json, { maxKeys: 4 }))
  .map(([key, captions, parts, fields]) => ({ key, images: [], ...captions, ...parts, fields }) as Sample);

test('every sample is read as it was, whatever its texts, labels and fields', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sample, { minLength: 1, maxLength: 4 }),
      fc.nat(3),
      async (samples, pictures) => {
        const content = storedPicture(pngHeader(4, 4));
        let previous: string | undefined;
        const parts = samples.map((each, i) => {
          const name = entryName(each.key, i, previous);
          previous = name;
          return tarBytes(sampleEntries(each, name, Array(pictures + 1).fill(content)));
        });
        const archive = Buffer.concat([...parts, TAR_END]);
        const folder = memoryFolder(new Map([['a.tar', new Uint8Array(archive)]]));
        const read = await readAll(webDatasetSource([folder.file('a.tar')]));
        expect(read.map(({ images, fields, ...rest }) => ({ images: images.length, ...rest }))).toEqual(
          samples.map(({ images: _, fields, ...rest }) => ({ images: pictures + 1, ...rest })),
        );
        // A field that is named like a part has another name; its value is there all the same.
        const values = ({ fields = {} }: Sample) =>
          Object.values(fields)
            .map(value => JSON.stringify(value))
            .sort();
        expect(read.map(values)).toEqual(samples.map(values));
      },
    ),
  );
});
