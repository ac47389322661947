import { CheckpointError } from '@simvlm/core';
import type { CheckpointFiles } from './checkpoint';

/** The file that says which others there are, written last: what has none was never finished. */
export const MANIFEST = 'manifest.json';

/** Bytes and SHA-256 (hexadecimal) of each file of a checkpoint. */
export interface Manifest {
  readonly format: 1;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** SHA-256 in hexadecimal: Node's own, or Web Crypto's. */
export type Digest = (bytes: Uint8Array) => string | Promise<string>;

/** @throws CheckpointError where a file has the manifest's own name */
export async function manifestOf(files: CheckpointFiles, digest: Digest): Promise<Manifest> {
  if (files.has(MANIFEST))
    throw new CheckpointError('CHECKPOINT_INVALID', `a checkpoint cannot hold a file named ${MANIFEST}`);
  const entries: [string, { bytes: number; sha256: string }][] = [];
  for (const [name, bytes] of files)
    entries.push([name, { bytes: bytes.length, sha256: await digest(bytes) }]);
  return { format: 1, files: Object.fromEntries(entries) };
}

export function manifestBytes(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest, null, 2));
}

/** @param where names the checkpoint in errors. @throws CheckpointError for what is no manifest */
export function parseManifest(where: string, bytes: Uint8Array): Manifest {
  const refuse = (what: string, cause?: unknown) =>
    new CheckpointError('CHECKPOINT_INVALID', `${where}: ${MANIFEST} ${what}; use another checkpoint`, {
      cause,
    });
  let manifest: Manifest | null;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest | null;
  } catch (error) {
    throw refuse('is not JSON', error);
  }
  if (manifest?.format !== 1) throw refuse('is not of format 1, which this version reads');
  const entries: unknown[] = Object.values(manifest.files ?? {});
  const isEntry = (entry: unknown) => typeof entry === 'object' && entry !== null;
  if (entries.length === 0 || !entries.every(isEntry)) throw refuse('does not say which files there are');
  return manifest;
}

/**
 * The files that a manifest names, each of its bytes checked.
 *
 * @throws CheckpointError for a file that is cut off or was changed, and for a name that leads elsewhere
 */
export async function filesOf(
  where: string,
  { files }: Manifest,
  read: (name: string) => Promise<Uint8Array>,
  digest: Digest,
): Promise<CheckpointFiles> {
  const found = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    if (!/^(?!\.{1,2}$)[^/\\]+$/.test(name))
      throw new CheckpointError('CHECKPOINT_INVALID', `${where}: "${name}" is no file name`);
    const content = await read(name);
    if (content.length !== bytes)
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${where}: ${name} has ${content.length} bytes instead of ${bytes}: it is cut off; use another checkpoint`,
      );
    if ((await digest(content)) !== sha256)
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${where}: ${name} was changed after it was written; use another checkpoint`,
      );
    found.set(name, content);
  }
  return found;
}
