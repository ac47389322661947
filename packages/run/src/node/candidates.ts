import { join } from 'node:path';
import { DataError, isWellFormed, parseJsonObject } from '@simvlm/core';
import { textLines } from '@simvlm/data/node';
import { countOf } from '../skipped';

const FILE = 'nway.jsonl';
/** Ids that a message names; the others are counted. */
const NAMED = 5;

/**
 * The candidates of a choice by the id of the picture, from `nway.jsonl`: lines `{"id": "…", "candidates": ["…", …]}`. Undefined
 * where there is no such file. Candidates for ids that no picture has are a warning.
 *
 * @throws DataError that names file and line; for an id that two lines have, both; and for pictures without candidates
 */
export async function readCandidates(
  folder: string,
  pictures: readonly { readonly id: string }[],
  warn: (message: string) => void,
): Promise<Map<string, readonly string[]> | undefined> {
  const file = join(folder, FILE);
  const candidates = new Map<string, readonly string[]>();
  const lineOf = new Map<string, number>();
  try {
    for await (const { text, number } of textLines(file)) {
      const { id, list } = parseLine(text, `${file}:${number}`);
      const other = lineOf.get(id);
      if (other !== undefined)
        throw new DataError(
          'DATA_INVALID',
          `${file}:${number}: line ${other} has candidates for "${id}" already; keep one of the two`,
        );
      lineOf.set(id, number);
      candidates.set(id, list);
    }
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  }
  const ids = new Set(pictures.map(({ id }) => id));
  const missing = [...ids].filter(id => !candidates.has(id));
  if (missing.length > 0)
    throw new DataError('DATA_INVALID', `${file} has no candidates for ${named('picture', missing)}`);
  const unknown = [...candidates.keys()].filter(id => !ids.has(id));
  if (unknown.length > 0) warn(`${file} has candidates for ${named('id', unknown)}, which no picture has`);
  return candidates;
}

function parseLine(line: string, where: string): { id: string; list: string[] } {
  const { id, candidates } = parseJsonObject(line, where);
  if (typeof id !== 'string') throw new DataError('DATA_INVALID', `${where}: "id" must be a string`);
  if (
    !Array.isArray(candidates) ||
    candidates.length < 2 ||
    !candidates.every(item => typeof item === 'string' && isWellFormed(item))
  )
    throw new DataError('DATA_INVALID', `${where}: "candidates" must be a list of two or more strings`);
  return { id, list: candidates as string[] };
}

/** Such as `7 ids ("a", "b", "c", "d", "e" and 2 more)`. */
function named(what: string, names: readonly string[]): string {
  const first = names.slice(0, NAMED).map(name => `"${name}"`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${countOf(names.length, what)} (${first.join(', ')}${more})`;
}
