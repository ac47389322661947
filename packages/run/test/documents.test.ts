import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configTables } from '../src/config/table';
import { runJsonSchema } from '../src/index';

/** Written anew by `pnpm exec vitest run packages/run/test/documents -u`. */
it('schema.json is what the schema gives', async () => {
  await expect(`${JSON.stringify(runJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../schema.json');
});

it('docs/configuration.md has every key with its values and its default', async () => {
  const file = '../../../docs/configuration.md';
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const [head, , tail] = text.split(/(?<=<!-- keys -->\n)|(?=<!-- end of keys -->)/);
  await expect(`${head}\n${configTables()}\n\n${tail}`).toMatchFileSnapshot(file);
});
