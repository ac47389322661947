import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import picomatch from 'picomatch';

/** The root of the repository, with a slash at the end. The site is made of Markdown files all over it. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Markdown that is no page: the README has the site's first page instead, and the rest are notes beside code and test data. */
export const notPages: readonly string[] = [
  'README.md',
  'runs/**',
  '{scripts,conformance/src}/**',
  '{packages,examples}/*/{dist,fixtures,src,test,scripts}/**',
  'packages/checkpoint-emoji/checkpoint/**',
];

/**
 * The page that a Markdown file becomes: what is in docs/ moves to the root of the site, and a README takes the name of its folder.
 *
 * @param file from the root of the repository: `docs/data.md`, `packages/run/README.md`
 * @returns a file from the root of the site: `data.md`, `packages/run.md`
 */
export function pageOf(file: string): string {
  if (file === 'docs/README.md') return 'index.md';
  const place = file.replace(/^docs\/(generated\/)?/, '').replace(/\/README\.md$/, '.md');
  return place.includes('/') ? place : place.toLowerCase();
}

/** What a relative link in a Markdown file leads to. */
export type Target =
  /** A page of the site; `address` begins with a slash. */
  | { readonly kind: 'page'; readonly address: string }
  /** A file or folder of the repository that is no page of its own, by its path from the root. */
  | { readonly kind: 'source'; readonly path: string }
  | { readonly kind: 'missing'; readonly path: string };

/**
 * @param from the Markdown file, from the root of the repository
 * @param link a relative path, without `#`
 */
export function targetOf(from: string, link: string): Target {
  const path = posix.join(posix.dirname(from), decodeURI(link)).replace(/\/$/, '');
  if (path === '.' || path === 'README.md') return { kind: 'page', address: '/' };
  const file = resolve(root, path);
  if (path.startsWith('..') || !existsSync(file)) return { kind: 'missing', path };
  if (isPage(path)) return { kind: 'page', address: addressOf(pageOf(path)) };
  if (isPage(`${path}/README.md`)) return { kind: 'page', address: addressOf(pageOf(`${path}/README.md`)) };
  return { kind: 'source', path };
}

/**
 * The page of a file or folder, from the root of the site and without `.md`. Its name has no dot, which a host takes for the end of a file
 * name; nor does a folder begin with one, which VitePress leaves out.
 */
export function sourcePage(path: string): string {
  return `source/${path.replace(/(?<=^|\/)\.(?=.*\/)/g, '').replace(/\.(?=[^/]*$)/g, '-')}`;
}

function addressOf(page: string): string {
  return `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '.html')}`;
}

const isLeftOut = picomatch([...notPages]);

function isPage(path: string): boolean {
  return path.endsWith('.md') && !isLeftOut(path) && existsSync(resolve(root, path));
}
