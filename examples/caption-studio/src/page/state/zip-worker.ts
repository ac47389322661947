import { expose, transfer } from 'comlink';
import { zipSync } from 'fflate';
import type { CheckpointFolder } from '../../engine/engine';
import { unpackCheckpoint } from './unpack';

/** Packs and unpacks archives of tens of megabytes, away from the page's thread. */
const zip = {
  /** Weights hardly compress, so that files are stored as they are, in a folder of the given name. */
  pack(folder: string, files: CheckpointFolder): Uint8Array {
    const entries = Object.fromEntries(files.map(({ name, bytes }) => [`${folder}/${name}`, bytes] as const));
    const packed = zipSync(entries, { level: 0 });
    return transfer(packed, [packed.buffer]);
  },
  /** @throws StudioFailure, see `unpackCheckpoint` */
  unpack(bytes: Uint8Array): CheckpointFolder {
    const files = unpackCheckpoint(bytes);
    return transfer(
      files,
      files.map(file => file.bytes.buffer),
    );
  },
};

export type Zip = typeof zip;
expose(zip);
