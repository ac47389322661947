import { DataError } from '@simvlm/core';
import type { SourcePart, SourceRow } from '../../src/index';

export interface NumbersOptions {
  /** Which record of each part cannot be used. */
  readonly broken?: number;
  /** Parts say how many records they have. */
  readonly isCounted?: boolean;
  /** Parts can be read from any record on. */
  readonly isPlaced?: boolean;
  /** Tells these data from others. */
  readonly version?: number;
  /** Is told of each record that is read. */
  readonly onRead?: (part: number, row: number) => void;
}

/** Parts of so many records, whose keys are part and row. */
export function numbers(
  counts: readonly number[],
  { broken, isCounted = false, isPlaced = false, version = 1, onRead }: NumbersOptions = {},
): SourcePart[] {
  return counts.map((count, part) => ({
    name: `part-${part}`,
    version: async () => version,
    ...(isCounted && { count: async () => count }),
    ...(isPlaced && { place: (row: number) => row }),
    async *rows(from): AsyncGenerator<SourceRow> {
      for (let row = typeof from === 'number' ? from : 0; row < count; row++) {
        onRead?.(part, row);
        if (row === broken)
          yield { problem: new DataError('DATA_INVALID', `${part}:${row} is broken`), after: row + 1 };
        else yield { sample: { key: `${part}:${row}`, images: [], text: `${row}` }, after: row + 1 };
      }
    },
  }));
}
