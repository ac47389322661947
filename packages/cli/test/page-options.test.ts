import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { simvlm } from './fixture';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Every `simvlm …` that a README or page shows, in a block or in a line: the page, and the words behind `simvlm`. */
function shownCommands(): { page: string; words: string[] }[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const pages = execFileSync('git', list, { cwd: root }).toString().trim().split('\n');
  return pages
    .filter(page => !page.startsWith('.') && !page.endsWith('CHANGELOG.md'))
    .flatMap(page => {
      const text = readFileSync(root + page, 'utf8').replaceAll('\\\n', ' ');
      const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, code]) => code!.split('\n'));
      const inline = [...text.matchAll(/`([^`\n]*\bsimvlm [^`\n]+)`/g)].map(([, code]) => code!);
      return [...blocks, ...inline].flatMap(line => {
        const [, given] = /(?:^|\s)simvlm (?=[a-z])([^#|&>;]+)/.exec(line.replaceAll('\\|', '/')) ?? [];
        return given === undefined ? [] : [{ page, words: given.trim().split(/\s+/) }];
      });
    });
}

/** The help of the command that the words begin with, by its path; undefined where there is none. */
async function helpOf(words: readonly string[]): Promise<string | undefined> {
  for (const path of [words.slice(0, 2), words.slice(0, 1)]) {
    const name = path.map(word => word.split('/')[0]!).join(' ');
    if (!helps.has(name)) helps.set(name, (await simvlm(...name.split(' '), '--help')).out);
    const help = helps.get(name)!;
    if (help.startsWith(`Usage: simvlm ${name} `)) return help;
  }
  return undefined;
}
const helps = new Map<string, string>();

test('every command that a page shows exists, with every option that the page gives it', async () => {
  const commands = shownCommands();
  expect(commands.length).toBeGreaterThan(100);
  const wrong: string[] = [];
  for (const { page, words } of commands) {
    const help = await helpOf(words);
    const options = words.filter(word => /^--[a-z]/.test(word)).map(word => word.split(/[=,]/)[0]!);
    const unknown = options.filter(option => !help?.match(new RegExp(`^ +(-\\w, )?${option}\\b`, 'm')));
    if (help === undefined || unknown.length > 0)
      wrong.push(`${page}: simvlm ${words.join(' ')}: ${unknown}`);
  }
  expect(wrong).toEqual([]);
});
