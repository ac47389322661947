import type { JsonValue } from '@simvlm/core';
import { lineChart, type Series, smooth, thin } from './chart';
import { differences } from './differences';
import { escapeHtml } from './escape';
import type { RunRecord } from './run-record';

/** Colours that differ for most eyes, light and dark (Okabe and Ito's, the dark ones lighter). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#56b4e9', '#7f7f7f'];

/** Steps on each side that a curve is smoothed over. */
const RADIUS = 12;

/**
 * Runs side by side as one HTML file that opens anywhere, light or dark, without a network: losses, metrics of evaluators, learning rates,
 * speed, and the keys in which their configurations differ; of one run all of its keys.
 */
export function comparisonHtml(runs: readonly RunRecord[]): string {
  const title = runs.map(({ name }) => name).join(', ');
  const names = [...new Set(runs.flatMap(run => run.evaluations.flatMap(each => Object.keys(each.results))))];
  const curve = (of: 'loss' | 'learningRate' | 'rowsPerSecond', isNoisy: boolean) =>
    runs.map((run, i) => {
      const points = run.steps.map(each => [each.step, each[of]] as const);
      return series(run, i, thin(isNoisy ? smooth(points, RADIUS) : points));
    });
  const metric = (name: string) =>
    runs.map((run, i) =>
      series(
        run,
        i,
        run.evaluations.flatMap(({ step, results }) =>
          Object.hasOwn(results, name) ? [[step, results[name]!] as const] : [],
        ),
      ),
    );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
${table(
  ['run', 'steps', 'rows', 'time', 'loss', ...names],
  runs.map(run => summary(run, names)),
)}
<p>The loss is smoothed over ${2 * RADIUS + 1} steps, in nats; metrics are those of the last evaluation.</p>
<h2>Loss</h2>${lineChart(curve('loss', true), 'training step', 'loss (nats)')}
${names.map(name => `<h2>${escapeHtml(name)}</h2>${lineChart(metric(name), 'training step', escapeHtml(name))}`).join('\n')}
<h2>Learning rate</h2>${lineChart(curve('learningRate', false), 'training step', 'learning rate')}
<h2>Speed</h2>${lineChart(curve('rowsPerSecond', true), 'training step', 'rows a second')}
<h2>${runs.length === 1 ? 'Configuration' : 'Where the configurations differ'}</h2>
${table(
  ['key', ...runs.map(({ name }) => name)],
  differences(runs.map(({ config }) => config)).map(([key, values]) => [key, ...values.map(valueText)]),
)}
</main></body></html>
`;
}

function series({ name }: RunRecord, index: number, points: Series['points']): Series {
  return { name, colour: COLOURS[index % COLOURS.length]!, points };
}

/** A row of the table of runs. */
function summary({ name, steps, evaluations }: RunRecord, names: readonly string[]): string[] {
  const losses = smooth(
    steps.slice(-RADIUS - 1).map(({ step, loss }) => [step, loss] as const),
    RADIUS,
  );
  const last = Object.assign({}, ...evaluations.map(({ results }) => results)) as Record<string, number>;
  const rows = steps.reduce((sum, each) => sum + each.rows, 0);
  return [
    name,
    (steps.at(-1)?.step ?? 0).toLocaleString('en'),
    rows.toLocaleString('en'),
    `${((steps.at(-1)?.seconds ?? 0) / 60).toFixed(1)} min`,
    losses.at(-1)?.[1].toFixed(3) ?? '',
    ...names.map(metric => (Object.hasOwn(last, metric) ? last[metric]!.toPrecision(4) : '')),
  ];
}

function valueText(value: JsonValue | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) =>
    row.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  return `<div class="wide"><table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${rows
    .map(([first = '', ...rest]) => `<tr><th scope="row">${escapeHtml(first)}</th>${cells(rest, 'td')}</tr>`)
    .join('')}</tbody></table></div>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e6e9ef);--paper:light-dark(#fff,#14181f);--soft:light-dark(#d9dee7,#2c3442)}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;overflow-wrap:anywhere}h2{margin-top:2.2rem;font-size:1.15rem}
svg{width:100%;height:auto;font-size:12px;fill:currentColor}.grid{stroke:currentColor;opacity:.15}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;text-align:right;border-bottom:1px solid var(--soft)}th:first-child{text-align:left}
`;
