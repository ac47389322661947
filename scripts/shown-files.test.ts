import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const languages: Readonly<Record<string, string>> = { '.mjs': 'js' };

/** Pages of `docs/` that show files of examples: a comment names the file, the code that follows is its contents. */
const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
  .filter(name => readFileSync(`${root}docs/${name}`, 'utf8').includes('<!-- examples/'))
  .sort();

test('the guides and the page about plug-ins show files', () => {
  const guides = ['guides/node.md', 'guides/page.md', 'guides/photos.md', 'guides/plugin.md'];
  expect(pages).toEqual(expect.arrayContaining([...guides, 'plugins.md']));
});

test.each(pages)('docs/%s shows the files of examples as they are (vitest -u writes them)', async name => {
  const file = `${root}docs/${name}`;
  const page = readFileSync(file, 'utf8').replace(
    /<!-- (examples\/\S+) -->\n(?:\n```\w+\n[\s\S]*?\n```\n)?\n?/g,
    (_, shown: string) => {
      const language = languages[extname(shown)] ?? extname(shown).slice(1);
      const code = readFileSync(root + shown, 'utf8');
      return `<!-- ${shown} -->\n\n\`\`\`${language}\n${code}\`\`\`\n\n`;
    },
  );
  await expect(`${page.trimEnd()}\n`).toMatchFileSnapshot(file);
});
