import { DataError, type Reader, type Sample, type SampleImage } from '@simvlm/core';

/** A reader of samples that a test makes; what was skipped before them is `problems`. */
export function readerOf(samples: readonly Sample[], problems: readonly string[] = []): Reader {
  let at = 0;
  return {
    format: 'test',
    async *[Symbol.asyncIterator]() {
      while (at < samples.length) yield samples[at++]!;
    },
    state: () => at,
    restore: state => {
      at = state as number;
    },
    skipped: () => ({ count: problems.length, draws: problems.length, reasons: problems }),
  };
}

export const stored = (path: string, bytes: Uint8Array): SampleImage => ({ path, bytes: async () => bytes });

export const missing = (path: string): SampleImage => ({
  path,
  bytes: async () => {
    throw new DataError('DATA_NOT_FOUND', `cannot read ${path}: there is no such file`, { file: path });
  },
});

/** The beginning of a PNG that states this size: all that is read of its header. */
export function pngHeader(width: number, height: number, more = 0): Uint8Array {
  const bytes = new Uint8Array(33 + more);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}
