import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkpointFolder, samplesFolder } from '@simvlm/checkpoint-emoji';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
const model = ['--checkpoint', 'model', '--backend', 'wasm'];

beforeAll(() => {
  folder = workingFolder();
  cpSync(fileURLToPath(checkpointFolder), 'model', { recursive: true });
  cpSync(fileURLToPath(samplesFolder), 'pictures', { recursive: true });
  const captions: Record<string, string> = JSON.parse(readFileSync('pictures/captions.json', 'utf8'));
  // Each of the ten four times, so that there are enough right ones for a limit.
  const lines = Array.from({ length: 4 }, (_, time) =>
    Object.entries(captions).map(([image, text]) => JSON.stringify({ id: `${image} ${time}`, image, text })),
  );
  writeFileSync('pictures/captions.jsonl', `${lines.flat().join('\n')}\n`);
});
afterAll(() => folder.leave());

test('a calibrated checkpoint marks what it does not know, and its export does, too', async () => {
  const made = await simvlm('calibrate', 'pictures', '--val', 'pictures', '--refuse', '0.3', ...model);
  expect(made.err).toMatch(/unsure about [\d.]+ % of \d+ right captions and [\d.]+ % of \d+ wrong ones/);
  expect(made.code).toBe(0);
  const { measured, limit } = JSON.parse(readFileSync('model/doubt.json', 'utf8'));
  expect(measured.right + measured.wrong).toBe(40);
  expect(measured.rightRefused).toBeLessThanOrEqual(0.3);

  const pictures = readdirSync('pictures').filter(name => name.endsWith('.png'));
  const paths = pictures.map(name => `pictures/${name}`);
  const { lines } = await simvlm('caption', ...paths, '--jsonl', ...model);
  const said: { text: string; doubt: number; unsure: boolean }[] = lines.map(line => JSON.parse(line));
  expect(said.map(({ unsure }) => unsure)).toEqual(said.map(({ doubt }) => doubt > limit));
  expect(new Set(said.map(({ unsure }) => unsure)).size).toBe(2);
  const plain = await simvlm('caption', ...paths, ...model);
  expect(plain.lines).toEqual(
    said.map(({ text, unsure }, i) => `${paths[i]}: ${text}${unsure ? ' (unsure)' : ''}`),
  );
  // A caption that was asked for in another way is not what the limit was measured on.
  const prompted = await simvlm('caption', paths[0]!, '--prompt', 'a', '--jsonl', ...model);
  expect(JSON.parse(prompted.lines[0]!)).not.toHaveProperty('doubt');

  expect((await simvlm('export', '--checkpoint', 'model', '--out', 'copy')).code).toBe(0);
  expect(readFileSync('copy/doubt.json')).toEqual(readFileSync('model/doubt.json'));
});

test.each([
  [['pictures'], 2, '--val FOLDER'],
  [['pictures', '--val', 'pictures', '--checkpoint', 'https://example.org/m'], 2, 'give a folder'],
  [['pictures', '--val', 'pictures', '--refuse', '2'], 2, '--refuse'],
])('%j is refused: %i, %s', async (words, code, message) => {
  const result = await simvlm('calibrate', ...model, ...words);
  expect([result.code, result.err]).toEqual([code, expect.stringContaining(message)]);
});
