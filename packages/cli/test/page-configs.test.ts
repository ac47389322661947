import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolveGridConfig, resolveRunConfig } from '@simvlm/run';
import { expect, test } from 'vitest';
import { codeBlocks } from './page-commands';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root }).toString().trim().split('\n');
const blocks = pages.flatMap(page =>
  codeBlocks(readFileSync(root + page, 'utf8'), 'json').map(code => ({ page, code })),
);
const rest = { name: 'mine', model: 'emoji-small', optimizer: { learningRate: 1e-3 }, steps: 1 };

test('pages show configurations', () => {
  expect(blocks.length).toBeGreaterThan(8);
});

test.each(blocks)(
  'the JSON of $page is what it stands for: a grid, a run, its data, or lines of captions',
  ({ page, code }) => {
    if (code.startsWith('{ "image"')) {
      const lines = code
        .trim()
        .split('\n')
        .map(line => JSON.parse(line));
      for (const line of lines)
        expect(line).toMatchObject({ image: expect.any(String), text: expect.any(String) });
      return;
    }
    const given = JSON.parse(code);
    if (given.cells) resolveGridConfig(given, page);
    else if (given.name) resolveRunConfig(given);
    else resolveRunConfig({ ...rest, data: Array.isArray(given) ? { train: given } : given });
  },
);
