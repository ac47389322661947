/**
 * How soon the built command line is there: `simvlm --help`, and a caption of one token with the bundled checkpoint, as whole processes from
 * start to end. With `--vs FOLDER` another checkout runs in turn with this one: `pnpm bench start-up --vs ../before`. Both must be built.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, median, timeRow } from './lib/table';

const HERE = fileURLToPath(new URL('..', import.meta.url));
/** The fastest of all would flatter: what is between is noise of the machine, the same for both in turn. */
const ROUNDS = 15;
const QUICK_ROUNDS = 3;
const HELP_LIMIT_MS = 250;

/** By name, the arguments; CHECKPOINT is the bundled one of the checkout itself, as its configuration goes with its version. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'simvlm --help': ['--help'],
  'simvlm caption, one token, wasm': [
    'caption',
    'docs/pictures/emojione/computer-disk.png',
    ...['--checkpoint', 'packages/checkpoint-emoji/checkpoint', '--backend', 'wasm', '--max-length', '1'],
  ],
};

export async function run({
  quick,
  vs,
}: BenchOptions & { readonly vs?: string | undefined }): Promise<BenchResult> {
  const checkouts = [HERE, ...(vs === undefined ? [] : [resolve(vs)])];
  const missing = checkouts.find(folder => !existsSync(binOf(folder)));
  if (missing !== undefined) throw new Error(`${binOf(missing)} is not there: build it first (pnpm build)`);
  const rounds = quick ? QUICK_ROUNDS : ROUNDS;
  const rows = Object.entries(commands).map(([name, args]) => {
    progress(name);
    const times = checkouts.map((): number[] => []);
    for (let round = 0; round <= rounds; round++)
      for (const [i, folder] of checkouts.entries()) {
        const time = milliseconds(folder, args);
        // The first round brings the files into memory.
        if (round > 0) times[i]!.push(time);
      }
    const [ours, before] = times.map(median);
    return timeRow(
      name,
      ours!,
      before === undefined ? undefined : { name: 'the other checkout', value: before },
    );
  });
  const help = rows.find(({ what }) => what === 'simvlm --help')!;
  if (!(help.ours < HELP_LIMIT_MS))
    throw new Error(`${help.what} takes ${help.ours} ms, ${HELP_LIMIT_MS} at most`);
  return {
    versions: { node: process.versions.node },
    rows,
    notes: [`medians of ${rounds} processes each, in turn, after one that is not counted`],
  };
}

function binOf(folder: string): string {
  return join(folder, 'packages/cli/dist/bin.js');
}

function milliseconds(folder: string, args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [binOf(folder), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`${folder}: simvlm ${args.join(' ')} ended with ${status}: ${stderr}`);
  return time;
}
