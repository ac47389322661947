/** Makes the folder in which a run of vitest keeps how the parts are, unless `scripts/check.mjs` has made one. A vitest global setup. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATUS_FOLDER } from './status';

export default function share(): (() => void) | undefined {
  if (process.env[STATUS_FOLDER]) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'simvlm-parts-'));
  process.env[STATUS_FOLDER] = folder;
  return () => {
    delete process.env[STATUS_FOLDER];
    rmSync(folder, { recursive: true, force: true });
  };
}
