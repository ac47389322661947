import { readFileSync } from 'node:fs';

/** A page of the documentation, by its path in `docs/`. */
export function readPage(path: string): string {
  return readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');
}

/** The code blocks of a page in one language. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code!);
}

/** What follows `npx simvlm` in the shell blocks of a page, in its order: the words of each command, as a shell has them. */
export function pageCommands(page: string): string[][] {
  return codeBlocks(page, 'sh')
    .flatMap(text => text.split('\n'))
    .filter(line => line.startsWith('npx simvlm '))
    .map(line => words(line.slice('npx simvlm '.length)));
}

function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain!,
  );
}
