import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A TypeScript program that a page shows. */
export interface CodeBlock {
  /** The page, and the line of the block in it. */
  readonly at: string;
  /** The page, relative to the root. */
  readonly page: string;
  /** The program: what the page gives it, unseen, and the block. */
  readonly code: string;
  /** Whether it can run by itself: what it is given is there, not only declared. */
  readonly runs: boolean;
  /** Whether it is the first of its page. */
  readonly first: boolean;
}

/** Pages whose blocks are one program. */
const programs: ReadonlySet<string> = new Set(['docs/guides/node.md']);

/**
 * The TypeScript of every README and page. A block that a comment names a file for is that file, and left out. What a block takes from around it
 * stands before it in a comment, `<!-- given: … -->`, in TypeScript.
 */
export function codeBlocks(): CodeBlock[] {
  const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
  });
  return pages
    .toString()
    .split('\n')
    .filter(page => page !== '' && !page.startsWith('.') && !page.endsWith('CHANGELOG.md'))
    .flatMap(page => {
      const blocks = blocksOf(page);
      if (!programs.has(page) || blocks.length === 0) return blocks;
      return [{ ...blocks[0]!, code: blocks.map(({ code }) => code).join('\n') }];
    });
}

function blocksOf(page: string): CodeBlock[] {
  const text = readFileSync(root + page, 'utf8');
  const found = text.matchAll(/(?:<!-- (given:|examples\/\S+)([\s\S]*?)-->\n+)?```ts\n([\s\S]*?)```/g);
  return [...found].flatMap(({ 0: all, 1: comment, 2: given = '', 3: code, index }, i) => {
    if (comment?.startsWith('examples/')) return [];
    const line = text.slice(0, index + all.indexOf('```ts')).split('\n').length;
    return [
      {
        at: `${page}:${line}`,
        page,
        code: `${given}\n${code}`,
        runs: !/^declare /m.test(given),
        first: i === 0,
      },
    ];
  });
}
