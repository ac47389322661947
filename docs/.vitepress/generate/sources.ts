import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { root, sourcePage, targetOf } from '../pages';

/** The languages that the site colours, by the ends of file names. */
const LANGUAGES: Readonly<Record<string, string>> = {
  '.ts': 'ts',
  '.tsx': 'tsx',
  '.mjs': 'js',
  '.js': 'js',
  '.json': 'json',
  '.h': 'cpp',
  '.cpp': 'cpp',
  '.py': 'python',
  '.sh': 'sh',
  '.sbatch': 'sh',
  '.yaml': 'yaml',
  '.html': 'html',
};

const MOST_BYTES = 200_000;

/** Writes a page for each file and folder that the documentation links to and that is no page: the file as it is, or the names in it. */
export function writeSources(out: string): void {
  const files = tracked();
  const wanted = new Set(files.filter(file => file.endsWith('.md')).flatMap(linkedSources));
  for (const path of wanted) {
    const inside = files.filter(file => file.startsWith(`${path}/`));
    write(join(out, `${sourcePage(path)}.md`), inside.length > 0 ? folderPage(path, inside) : filePage(path));
    // A folder's files can be opened too.
    for (const file of inside)
      if (LANGUAGES[extname(file)]) write(join(out, `${sourcePage(file)}.md`), filePage(file));
  }
}

function tracked(): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', list, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\0');
}

function linkedSources(markdown: string): string[] {
  const text = readFileSync(root + markdown, 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map(([, link]) => link!);
  return links
    .filter(link => !/^([a-z]+:|\/)/i.test(link) && !/\.(png|svg)$/.test(link))
    .map(link => targetOf(markdown, link))
    .flatMap(target => (target.kind === 'source' ? [target.path] : []));
}

function folderPage(path: string, files: readonly string[]): string {
  const rows = files.map(file => {
    const name = file.slice(path.length + 1);
    return LANGUAGES[extname(file)] ? `- [${name}](/${sourcePage(file)})` : `- ${name}`;
  });
  return page(path, rows.join('\n'));
}

function filePage(path: string): string {
  const file = root + path;
  if (statSync(file).size > MOST_BYTES) return page(path, 'This file is long: see it in the repository.');
  return page(
    path,
    `\`\`\`\`\`${LANGUAGES[extname(path)] ?? 'text'}\n${readFileSync(file, 'utf8').trimEnd()}\n\`\`\`\`\``,
  );
}

/** Left out of the search, where it would stand in the way of what explains it. */
function page(path: string, body: string): string {
  return `---\nsearch: false\noutline: false\neditLink: false\n---\n\n# ${basename(path)}\n\n\`${path}\`\n\n${body}\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
