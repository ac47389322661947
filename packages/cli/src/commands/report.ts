import { readRun } from '@simvlm/run/node';
import { comparisonHtml } from '@simvlm/run/report';
import { exitCode } from '../exit-code';
import { openOutput } from '../io/output-file';
import { printLine } from '../terminal';

/** `simvlm report RUN…`: an HTML file about runs. */
export async function report(folders: readonly string[], { out }: { out: string }): Promise<number> {
  const file = await openOutput(out, 'give another file with --out');
  const runs = [];
  for (const folder of folders) runs.push(await readRun(folder));
  await file.write(comparisonHtml(runs));
  printLine(file.path);
  return exitCode.ok;
}
