import type { PrepareIconsOptions, Rule } from '@simvlm/dataset-icons';
import { exitCode } from '../exit-code';
import { checkOutputFolder } from '../io/output-file';
import { textTable } from '../report/score-table';
import { printLine, Terminal } from '../terminal';
import { noteSkipped } from './data-open';

export interface DataIconsOptions
  extends Pick<PrepareIconsOptions, 'packages' | 'size' | 'shardSize' | 'workers'> {
  readonly out: string;
}

/** `simvlm data icons`. */
export async function dataIcons({ out, ...options }: DataIconsOptions): Promise<number> {
  await checkOutputFolder(out, 'give another folder with --out');
  const terminal = new Terminal();
  const { prepareIcons, RULES } = await import('@simvlm/dataset-icons');
  const bar = terminal.bar('drawing icons');
  const { report, shards, skipped } = await prepareIcons({
    ...{ folder: out, ...options },
    onProgress: ({ phase, done, total }) =>
      phase === 'read' ? terminal.live('reading names and captions') : bar.update(done, total),
  }).finally(() => bar.stop());
  const { found, leftOut, coloured, monochrome } = report;
  const rows = (Object.keys(RULES) as Rule[]).map(rule => [RULES[rule], number(leftOut[rule] ?? 0)]);
  printLine(
    textTable(
      ['', 'icons'],
      [
        ['in the packages', number(found)],
        ...rows,
        ['written, in colours of their own', number(coloured)],
        ['written, in random ink on random paper', number(monochrome)],
      ],
    ).trimStart(),
  );
  terminal.note(`${out}: ${number(coloured + monochrome)} samples in ${number(shards)} shards`);
  noteSkipped(terminal, skipped);
  return exitCode.ok;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
