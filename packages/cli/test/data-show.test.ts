import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawFolder, simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('pictures', 6, 1);
  writeFileSync('pictures/page.png', '<html>');
  const lines = [
    { id: 'a"><b>', image: '0.png', texts: ['<script>alert(1)</script>', 'second & third'], label: 3 },
    { id: 'q', image: '1.png', question: 'why?', answers: ['so', 'so', 'no'] },
    { id: 'page', image: 'page.png', text: 'a page' },
    { id: 'gone', image: 'gone.png', text: 'gone' },
    { id: 'bad', image: '../0.png' },
  ];
  folder.write('list.jsonl', lines.map(line => JSON.stringify(line)).join('\n'));
});
afterAll(() => folder.leave());

const show = (...args: string[]) =>
  simvlm('data', 'show', 'list.jsonl', '--images', 'pictures', '--out', 'sheet.html', ...args);

test('shows pictures with what is said of them, escapes all of it, and says what it could not read', async () => {
  const { code, out, err } = await show();
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(err).toMatch(/^sheet\.html: 4 samples\n1 sample was skipped:\n {2}list\.jsonl:5: .*\n$/);
  const html = readFileSync('sheet.html', 'utf8');
  expect(html.match(/<img src="data:image\/webp;base64,/g)).toHaveLength(2);
  expect(html).toContain('16 × 16 png');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).toContain('<code>a&quot;&gt;&lt;b&gt;</code>');
  expect(html).toContain('so (2) · no');
  expect(html).toContain('page.png: this is not a picture');
  expect(html).toMatch(/gone\.png: cannot read .*there is no such file/);
  expect(html).toContain('4 of 4 samples, each as likely (seed 0)');
  // Nothing of it is loaded from elsewhere.
  expect(html).not.toMatch(/<script|https?:/);
});

test('the seed decides which, and --first takes the first', async () => {
  const keysOf = async (...args: string[]) => {
    await show('--count', '2', ...args);
    return [...readFileSync('sheet.html', 'utf8').matchAll(/<code>(.*?)<\/code>/g)].map(([, key]) => key);
  };
  expect(await keysOf('--first')).toEqual(['a&quot;&gt;&lt;b&gt;', 'q']);
  expect(await keysOf('--seed', '5')).toEqual(await keysOf('--seed', '5'));
  const draws = new Set<string>();
  for (let seed = 0; seed < 6; seed++) draws.add((await keysOf('--seed', `${seed}`)).join());
  expect(draws.size).toBeGreaterThan(1);
});

test('a place that cannot be written is refused before anything is read', async () => {
  const { code, err } = await simvlm('data', 'show', 'nothing.jsonl', '--out', 'none/sheet.html');
  expect(code).toBe(1);
  expect(err).toContain('cannot write none/sheet.html');
  expect(existsSync('none')).toBe(false);
});
