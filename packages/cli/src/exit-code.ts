import { readFileSync } from 'node:fs';

/** Exit codes that scripts can rely on: done, failed, asked for what cannot be, interrupted. */
export const exitCode = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Version of this package, as npm knows it. */
export const version: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
