import { expose, transfer } from 'comlink';
import { unzipSync, zipSync } from 'fflate';
import type { CheckpointFolder } from '../../engine/engine';

/** Packs and unpacks archives of tens of megabytes, away from the page's thread. */
const zip = {
  /** Weights hardly compress, so that files are stored as they are, in a folder of the given name. */
  pack(folder: string, files: CheckpointFolder): Uint8Array {
    const entries = Object.fromEntries(files.map(({ name, bytes }) => [`${folder}/${name}`, bytes] as const));
    const packed = zipSync(entries, { level: 0 });
    return transfer(packed, [packed.buffer]);
  },
  /** Every file by its last name; throws where the bytes are no archive. */
  unpack(bytes: Uint8Array): CheckpointFolder {
    return Object.entries(unzipSync(bytes))
      .filter(([path]) => !path.endsWith('/') && !path.startsWith('__MACOSX/'))
      .map(([path, contents]) => ({ name: path.slice(path.lastIndexOf('/') + 1), bytes: contents }));
  },
};

export type Zip = typeof zip;
expose(zip);
