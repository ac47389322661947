import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import layers from './layers.json';
import { layerList, packagePicture } from './package-picture';

const root = fileURLToPath(new URL('..', import.meta.url));

test('every package has its layer', () => {
  expect(layers.flat().sort()).toEqual(readdirSync(`${root}packages`).sort());
});

test('the picture in docs/packages.md is that of the imports (vitest -u draws it)', async () => {
  const file = `${root}docs/packages.md`;
  const page = readFileSync(file, 'utf8');
  const [before, after] = page.split(/(?<=<!-- packages: .* -->\n)[\s\S]*(?=<!-- end of packages -->)/);
  expect(after).toBeDefined();
  await expect(`${before}\n${aligned(packagePicture())}\n\n${after}`).toMatchFileSnapshot(file);
});

test('the layers in CONTRIBUTING.md are those that the imports are held to (vitest -u writes them)', async () => {
  const file = `${root}CONTRIBUTING.md`;
  const page = readFileSync(file, 'utf8').replace(
    /(?<=`pnpm test imports` checks all three\.\n\n```\n)[\s\S]*?(?=\n```)/,
    () => layerList(),
  );
  await expect(page).toMatchFileSnapshot(file);
});

/** Tables with columns as wide as their widest cell, as the formatter leaves them to be read. */
function aligned(text: string): string {
  const rows = text.split('\n').filter(line => line.startsWith('|'));
  const cells = rows.map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
  const widths = cells[0]!.map((_, column) =>
    Math.max(...cells.map(row => (row[column] === '---' ? 3 : row[column]!.length))),
  );
  let next = 0;
  return text.replace(/^\|.*$/gm, () => {
    const row = cells[next++]!.map((cell, column) =>
      cell === '---' ? '-'.repeat(widths[column]!) : cell.padEnd(widths[column]!),
    );
    return `| ${row.join(' | ')} |`;
  });
}
