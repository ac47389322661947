import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@simvlm/core';

const FILE = 'nway.jsonl';

/**
 * The candidates of a choice by picture, from `nway.jsonl`: lines `{"id": "…", "candidates": ["…", …]}`. Undefined where there is
 * no such file.
 *
 * @throws DataError that names file and line
 */
export async function readCandidates(folder: string): Promise<Map<string, string[]> | undefined> {
  const file = join(folder, FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataError('DATA_NOT_FOUND', `cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  const candidates = new Map<string, string[]>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const { id, list } = parseLine(line, `${file}:${index + 1}`);
    candidates.set(id, list);
  }
  return candidates;
}

function parseLine(line: string, where: string): { id: string; list: string[] } {
  let value: { id?: unknown; candidates?: unknown };
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new DataError('DATA_INVALID', `${where}: not JSON (${(error as Error).message})`, { cause: error });
  }
  const { id, candidates } = value ?? {};
  if (typeof id !== 'string') throw new DataError('DATA_INVALID', `${where}: "id" must be a string`);
  if (
    !Array.isArray(candidates) ||
    candidates.length < 2 ||
    !candidates.every(item => typeof item === 'string')
  )
    throw new DataError('DATA_INVALID', `${where}: "candidates" must be a list of two or more strings`);
  return { id, list: candidates };
}
