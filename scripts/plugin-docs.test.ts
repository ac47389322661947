import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = `${root}examples/plugin-every-kind/`;

test('docs/plugins.md shows the files of the example as they are (vitest -u writes them)', async () => {
  const file = `${root}docs/plugins.md`;
  // A comment names a file; the code that follows is its contents.
  const page = readFileSync(file, 'utf8').replace(
    /(<!-- (src\/\S+) -->\n)(?:\n```ts\n[\s\S]*?\n```\n)?/g,
    (_, comment, name) => {
      return `${comment}\n\`\`\`ts\n${readFileSync(example + name, 'utf8')}\`\`\`\n`;
    },
  );
  expect(page.match(/^```ts$/gm)).toHaveLength(8);
  await expect(page).toMatchFileSnapshot(file);
});
