/** `pnpm simvlm`: the command line of this checkout, built first where it never was. */
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const bin = new URL('../packages/cli/dist/bin.js', import.meta.url);
// What is printed goes to standard error: standard output is the command's own.
if (!existsSync(bin)) execSync('pnpm run build:quiet', { stdio: ['ignore', 2, 2] });
await import(bin.href);
