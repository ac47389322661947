import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckpointFiles } from '../src/index';
import { type FileSystem, nodeFileSystem } from '../src/node';

/** A folder of its own for the test that runs, gone after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simvlm-trainer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Two files whose bytes tell the step, and which of several saves of it. */
export function content(step: number, version = 0): CheckpointFiles {
  const text = `${JSON.stringify({ step, version })}${'.'.repeat(100)}`;
  return new Map(
    ['weights.safetensors', 'trainer.json'].map(name => [name, new TextEncoder().encode(name + text)]),
  );
}

const operations = ['makeFolder', 'writeSynced', 'syncFolder', 'rename', 'remove', 'list', 'read'] as const;

/** A disk on which operation `failAt` fails, and with `forever` every one after it, as after a crash. */
export function failingDisk(failAt: number, code: string, forever = false): FileSystem & { count: number } {
  const disk: Record<string, unknown> & { count: number } = { count: 0 };
  for (const operation of operations) {
    disk[operation] = async (...args: [string, never]) => {
      const at = disk.count++;
      if (at !== failAt && !(forever && at > failAt))
        return (nodeFileSystem[operation] as (...args: unknown[]) => unknown)(...args);
      // A full disk takes the first half.
      if (operation === 'writeSynced' && at === failAt)
        await writeFile(args[0], (args[1] as Uint8Array).subarray(0, (args[1] as Uint8Array).length / 2));
      throw Object.assign(new Error(`${code}: made up, ${operation} '${basename(args[0])}'`), { code });
    };
  }
  return disk as unknown as FileSystem & { count: number };
}
