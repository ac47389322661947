/**
 * Weights of 8-bit and 4-bit integers beside the numbers that they were made of: what the bundled model and the small imported models say
 * (`quality`), and how fast text is written with the text stack of git-base (`speed`).
 */
import type { BenchOptions, BenchResult } from './lib/table';

const PARTS = ['quality', 'speed'];

export async function run({ quick, part }: BenchOptions): Promise<BenchResult> {
  const parts = part?.split(',') ?? PARTS;
  const results: BenchResult[] = [];
  if (parts.includes('quality')) results.push(await (await import('./integers/quality')).quality(quick));
  if (parts.includes('speed')) results.push(await (await import('./integers/speed')).speed(quick));
  return {
    versions: Object.assign({}, ...results.map(({ versions }) => versions)),
    rows: results.flatMap(({ rows }) => rows),
    notes: results.flatMap(({ notes = [] }) => notes),
  };
}
