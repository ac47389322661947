import { expect, test } from 'vitest';
import { glossDocument, phraseMatcher, readDocuments } from '../src/documents';

test.each([
  [
    '02086723 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 002 @ 02085998 n 0000 | a member of the genus Canis; occurs in many breeds; "the dog barked all night"  ',
    'dog, domestic dog, Canis familiaris: a member of the genus Canis; occurs in many breeds',
  ],
  [
    '00010428 29 v 03 act 0 behave 0 do 9 001 $ 00013608 v 0000 02 + 02 00 | behave in a certain manner; "Act like an adult"; "Don\'t"  ',
    'act, behave, do: behave in a certain manner',
  ],
  ['00001740 00 a 01 galore(ip) 0 000 | in great numbers; "daffodils galore"  ', 'galore: in great numbers'],
  [
    "00001740 00 a 05 a 0 b 0 c 0 d 0 e 0 000 | (usually followed by `to') able  ",
    "a, b, c: (usually followed by 'to') able",
  ],
  ['00001740 00 a 01 x 0 000 | "only an example"  ', undefined],
  ['  1 This software and database is being provided to you | by', undefined],
])('the gloss of %j', (line, document) => {
  expect(glossDocument(line)).toBe(document);
});

test('a phrase is found word by word, whatever its case', () => {
  const contains = phraseMatcher(['hot dog', 'OK button']);
  expect(contains('frank, Hot-dog: a sausage')).toBe(true);
  expect(contains('an OK, button')).toBe(true);
  expect(contains('a hot doghouse')).toBe(false);
  expect(contains('a dog that is hot')).toBe(false);
});

test('every gloss of WordNet is a clean document of its own, without the labels to leave out', async () => {
  const documents = readDocuments(['hot dog']);
  expect(documents.length).toBeGreaterThan(117_000);
  const contains = phraseMatcher(['hot dog']);
  for (let index = 0; index < documents.length; index++) {
    const { id, text, image } = await documents.get(index);
    if (!/^\S[^_\n]*: \S/.test(text) || contains(text) || image) throw new Error(`${id}: ${text}`);
  }
  expect(readDocuments([]).length).toBeGreaterThan(documents.length);
});
