import { availableParallelism } from 'node:os';
import { findNearDuplicates, joinedReport, type NearDuplicate } from '@simvlm/data/node';
import { exitCode } from '../exit-code';
import { writeOut } from '../io/lines';
import { openOutput } from '../io/output-file';
import { Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

export interface DataDedupeOptions extends SourceOptions {
  readonly against: readonly string[];
  readonly againstImages?: string;
  readonly distance: number;
  readonly out?: string;
  readonly workers?: number;
}

/** `simvlm data dedupe`. */
export async function dataDedupe(sources: readonly string[], options: DataDedupeOptions): Promise<number> {
  const { against, againstImages, distance, out, workers = availableParallelism() } = options;
  const terminal = new Terminal();
  const output = out === undefined ? undefined : await openOutput(out, 'give another file with --out');
  const reader = await openSource(sources, options);
  const others =
    against.length === 0
      ? undefined
      : await openSource(against, againstImages === undefined ? {} : { images: againstImages });
  const found: NearDuplicate[] = [];
  const { samples, repeatedKeys, undecoded } = await findNearDuplicates(reader, {
    distance,
    workers,
    ...(others && { against: others }),
    onDuplicate: duplicate => found.push(duplicate),
    onProgress: count => count % 100 === 0 && terminal.live(`${count.toLocaleString('en')} samples`),
  });
  const lines = found.map(duplicate => `${JSON.stringify(lineOf(duplicate, repeatedKeys))}\n`).join('');
  await (output ? output.write(lines) : writeOut(lines));
  const foreign = found.filter(duplicate => duplicate.against).length;
  const number = (count: number) => count.toLocaleString('en');
  terminal.note(
    `near duplicates: ${number(found.length)} of ${number(samples)} samples${others ? `, ${number(foreign)} of them of ${against.join(' ')}` : ''}`,
  );
  noteSkipped(terminal, joinedReport([reader.skipped(), ...(others ? [others.skipped()] : []), undecoded]));
  return exitCode.ok;
}

/** Where a key names one sample, the line needs no index, and holds for the same data in another order too. */
function lineOf({ index, ...duplicate }: NearDuplicate, repeatedKeys: ReadonlySet<string>) {
  const { key, ...match } = duplicate;
  return repeatedKeys.has(key) ? { key, index, ...match } : duplicate;
}
