import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faults } from '../src/error-codes';
import { parts } from './error-advice/index';
import { errorsPage } from './errors-page';

const file = '../../../docs/errors.md';
const advice = Object.values(parts).flatMap(codes => Object.entries(codes));

/** Written anew by `pnpm exec vitest run packages/core/test/errors-page -u`. */
it('docs/errors.md says of every code what it means and what to do', async () => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const [head, , tail] = text.split(/(?<=<!-- codes -->\n)|(?=<!-- end of codes -->)/);
  await expect(`${head}\n${errorsPage()}\n\n${tail}`).toMatchFileSnapshot(file);
});

it('every code is on the page, once', () => {
  expect(advice.map(([code]) => code).sort()).toEqual(Object.keys(faults).sort());
});

it('a message on the page is one that the sources have', () => {
  const sources = sourceFiles();
  const unknown = advice.flatMap(([code, { messages }]) =>
    messages
      .filter(message => {
        const pieces = piecesOf(message);
        return pieces.length === 0 || !sources.some(text => pieces.every(piece => text.includes(piece)));
      })
      .map(message => `${code}: ${message}`),
  );
  expect(unknown).toEqual([]);
});

/** What stands between the parts that differ each time; a piece of fewer than 3 letters says nothing. */
function piecesOf(message: string): string[] {
  return message
    .split('…')
    .map(piece => piece.trim())
    .filter(piece => piece.replace(/[^a-z]/gi, '').length >= 3);
}

/** The text of every source file of the packages, without tests; quotes that a string escapes as they are shown. */
function sourceFiles(): string[] {
  const packages = new URL('../../', import.meta.url);
  return readdirSync(packages).flatMap(name => {
    const folder = new URL(`${name}/src/`, packages);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map(path =>
        readFileSync(new URL(path, folder), 'utf8')
          .replaceAll(/' \+\s*'|` \+\s*[`']/g, '')
          .replaceAll("\\'", "'"),
      );
  });
}
