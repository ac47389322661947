import { Random } from '@simvlm/core';
import type { TrainingProgress } from './options';

const PROGRESS_EVERY = 10_000;

/** Which lines are read, and who is told. */
export interface Sampling {
  readonly maxLines?: number;
  readonly seed: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * All lines, or `maxLines` of them, each with the same chance (reservoir sampling), in the order of the text.
 */
export async function* sampledLines(
  lines: Iterable<string> | AsyncIterable<string>,
  { maxLines, seed, onProgress }: Sampling,
): AsyncGenerator<string> {
  const kept: { line: string; number: number }[] = [];
  const random = Random.fromSeed(seed).fork('tokenizer lines');
  let number = 0;
  for await (const line of lines) {
    if (++number % PROGRESS_EVERY === 0) onProgress?.({ stage: 'read', count: number });
    if (maxLines === undefined) yield line;
    else if (kept.length < maxLines) kept.push({ line, number });
    else {
      const place = random.integer(number);
      if (place < maxLines) kept[place] = { line, number };
    }
  }
  onProgress?.({ stage: 'read', count: number });
  kept.sort((a, b) => a.number - b.number);
  for (const { line } of kept) yield line;
}
