import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type FileContent, memoryBytes } from '@simvlm/bytes';
import type { CheckpointContents } from '../checkpoint';
import { MANIFEST, type Manifest, type ManifestEntry, manifestBytes } from '../manifest';
import type { FileSystem } from './file-system';

/**
 * Writes all files of a checkpoint into a folder and waits until the disk has them, the manifest last. What is written is hashed on its
 * way, in parts, so that no buffer is as large as a file.
 *
 * @param rest of the manifest
 */
export async function writeFolder(
  fs: FileSystem,
  folder: string,
  contents: CheckpointContents,
  rest: Omit<Manifest, 'format' | 'files'> = {},
): Promise<void> {
  const files = await writeFiles(fs, folder, contents);
  const manifest: Manifest = { format: 1, ...rest, files };
  await writeFile(fs, join(folder, MANIFEST), memoryBytes(manifestBytes(manifest)));
  await fs.syncFolder(folder);
}

/** Writes files into a folder, each until the disk has it. */
export async function writeFiles(
  fs: FileSystem,
  folder: string,
  contents: CheckpointContents,
): Promise<Record<string, ManifestEntry>> {
  await fs.makeFolder(folder);
  const files: Record<string, ManifestEntry> = Object.create(null);
  for (const [name, content] of contents)
    files[name] = await writeFile(fs, join(folder, name), contentOf(content));
  return files;
}

/** Bytes that contents take. */
export function sizeOf(contents: CheckpointContents): number {
  let size = 0;
  for (const content of contents.values()) size += contentOf(content).size;
  return size;
}

/** Writes one file and waits until the disk has it. */
export async function writeFile(fs: FileSystem, path: string, content: FileContent): Promise<ManifestEntry> {
  const hash = createHash('sha256');
  const file = await fs.create(path);
  let written = 0;
  try {
    for await (const chunk of content.chunks()) {
      hash.update(chunk);
      await file.write(chunk);
      written += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes: written, sha256: hash.digest('hex') };
}

function contentOf(content: Uint8Array | FileContent): FileContent {
  return content instanceof Uint8Array ? memoryBytes(content) : content;
}
