import { fileURLToPath } from 'node:url';
import { FORMATS } from '@simvlm/data';
import { expect, test } from 'vitest';
import { simvlm } from './fixture';

const fixture = (path: string) =>
  fileURLToPath(new URL(`../../data/test/readers/fixtures/${path}`, import.meta.url));
const lines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));

test('prints a line for each sample, with facts of the stored pictures', async () => {
  const { code, out, err } = await simvlm('data', 'list', fixture('webdataset/plain-{000000..000003}.tar'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const samples = lines(out);
  expect(samples).toHaveLength(10);
  expect(samples[1]).toEqual({
    key: 'pairs/0001',
    images: [
      { path: 'pairs/0001.jpg', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), width: 24, height: 16 },
    ],
    text: 'caption 1 é 狐',
    label: 1,
  });
});

test('--no-images opens none: pictures that are not there are no matter', async () => {
  const coco = fixture('annotations/captions_val2014.json');
  const { code, out } = await simvlm('data', 'list', coco, '--no-images', '--split', 'val');
  expect(code).toBe(0);
  expect(lines(out)[2]).toMatchObject({ images: [{ path: 'COCO_val2014_000000184613.jpg' }], split: 'val' });
  const opened = await simvlm('data', 'list', coco);
  expect(opened.out).toBe('');
  expect(opened.err).toMatch(/4 samples were skipped:\n {2}.*COCO_val2014_000000391895\.jpg/);
  expect(
    lines((await simvlm('data', 'list', coco, '--images', fixture('annotations/images'))).out),
  ).toHaveLength(4);
});

test('--map names columns, and --annotations the second file of vqav2', async () => {
  const table = await simvlm(
    'data',
    'list',
    fixture('tables/pairs.csv'),
    '--map',
    'image=picture,text=caption',
  );
  expect(lines(table.out)[3]).toMatchObject({
    key: 'r3',
    images: [{ path: 'p/3.jpg' }],
    text: 'comma, comma',
  });
  const vqa = await simvlm(
    'data',
    'list',
    fixture('annotations/v2_OpenEnded_mscoco_val2014_questions.json'),
    '--annotations',
    fixture('annotations/v2_mscoco_val2014_annotations.json'),
    '--no-images',
  );
  expect(lines(vqa.out)).toHaveLength(3);
  expect(lines(vqa.out)[0].answers).toHaveLength(10);
  expect(vqa.err).toContain('1 sample was skipped');
});

test('what does not fit is exit code 2, what is not there 1, each with one line that says why', async () => {
  const pairs = fixture('tables/pairs.csv');
  expect(await simvlm('data', 'list', pairs, '--format', 'coc')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^error --format is webdataset, .*did you mean "?coco"?/),
  });
  expect(await simvlm('data', 'list', pairs, '--map', 'text')).toMatchObject({ code: 2 });
  expect(await simvlm('data', 'list', fixture('none.tar'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no such file or folder'),
  });
});

test('the help names every format', async () => {
  const { out } = await simvlm('data', 'list', '--help');
  const words = out.split(/[\s,]+/);
  for (const format of FORMATS) expect(words).toContain(format);
});
