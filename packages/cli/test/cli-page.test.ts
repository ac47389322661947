import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cliPage } from './cli-page';

const file = '../../../docs/cli.md';

/** Written anew by `pnpm exec vitest run packages/cli/test/cli-page -u`. */
test('docs/cli.md has every command with its options as --help says them', async () => {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const [head, , tail] = text.split(/(?<=<!-- commands -->\n)|(?=<!-- end of commands -->)/);
  await expect(`${head}\n${cliPage()}\n\n${tail}`).toMatchFileSnapshot(file);
});
