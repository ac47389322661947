import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { simvlm } from './fixture';

const shards = fileURLToPath(
  new URL('../../data/test/readers/fixtures/webdataset/plain-{000000..000003}.tar', import.meta.url),
);

test('prints a table, and with --json one object', async () => {
  const { code, out, err } = await simvlm('data', 'stats', shards);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^format +webdataset\nsamples +10; 0 cannot be used\n/);
  expect(out).toMatch(/\nwidth \(pixels\) +24 +24 +24 +24 +24\.0\n/);
  const { lines } = await simvlm('data', 'stats', shards, '--json', '--no-images');
  expect(JSON.parse(lines.join('\n'))).toMatchObject({
    samples: 10,
    with: { picture: 9 },
    unusable: { count: 0 },
  });
});

test('--tokenizer takes the bundled model', async () => {
  const { out } = await simvlm('data', 'stats', shards, '--no-images', '--tokenizer', 'emoji');
  expect(out).toMatch(/\ntexts +9, 9 of them different; unknown tokens: \d/);
  expect(out).toMatch(/\ntext \(tokens\) +\d/);
});

test('options that contradict each other are named', async () => {
  expect(await simvlm('data', 'stats', shards, '--no-images', '--decode')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--decode opens pictures'),
  });
});
