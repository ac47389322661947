/** Whether a part is here and fit, found out once in a run of the tests: whoever asks first leaves the answer in a folder. */
import { execFile } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PartName, partNames, parts } from './parts';

/** The variable with the folder of answers. */
export const STATUS_FOLDER = 'SIMVLM_PARTS';

export interface Status {
  readonly fit: boolean;
  /** Why not, in one line. */
  readonly reason: string;
}

/** The parts that `SIMVLM_REQUIRE` names, or all of them. @throws Error for a name that is none */
export function required({ SIMVLM_REQUIRE = '' } = process.env): ReadonlySet<PartName> {
  const names = SIMVLM_REQUIRE.split(',').map(name => name.trim());
  if (names.includes('all')) return new Set(partNames);
  return new Set(
    names.filter((name): name is PartName => {
      if (name === '' || (partNames as readonly string[]).includes(name)) return name !== '';
      throw new Error(`SIMVLM_REQUIRE names "${name}"; there are all, ${partNames.join(', ')}`);
    }),
  );
}

/** How a part is. */
export async function statusOf(name: PartName): Promise<Status> {
  const folder = process.env[STATUS_FOLDER];
  const file = folder && join(folder, `${name}.json`);
  if (!file) return probe(name);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Nobody has asked yet.
  }
  const status = await probe(name);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(status));
  renameSync(`${file}.${process.pid}`, file);
  return status;
}

/** One line: what a part that is not fit lacks, what it costs, and how it is added. */
export function describeLack(name: PartName, { reason }: Status): string {
  const { title, tests, add } = parts[name];
  return `${name}: ${tests} (${title}: ${reason}). To add it: ${add}`;
}

async function probe(name: PartName): Promise<Status> {
  const { after, probe } = parts[name];
  if (after && !(await statusOf(after)).fit) return { fit: false, reason: `it needs ${after}` };
  const [program, ...args] = probe;
  return new Promise(resolve => {
    execFile(program, args, { timeout: 300_000 }, (error, stdout, stderr) => {
      if (!error) return resolve({ fit: true, reason: '' });
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const said = lastLine(stdout) || lastLine(stderr) || error.message;
      resolve({ fit: false, reason: isMissing ? `there is no ${program}` : said });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!;
}
