import { escapeHtml, lineChart, type Series } from '@simvlm/run/report';

export interface ReportPicture {
  /** A data URI. */
  readonly source: string;
  readonly truth: string;
  readonly caption: string;
  readonly right: boolean;
}

export interface Report {
  readonly title: string;
  readonly summary: readonly (readonly [string, string])[];
  readonly curves: readonly Series[];
  readonly scores: {
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
    readonly note: string;
  };
  readonly sheets: readonly { readonly name: string; readonly pictures: readonly ReportPicture[] }[];
  readonly attribution: readonly string[];
}

/** The whole report as one HTML file that opens anywhere, light or dark, without a network. */
export function reportHtml(report: Report): string {
  const summary = report.summary
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('');
  const head = report.scores.head.map(cell => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const rows = report.scores.rows
    .map(
      ([first, ...rest]) =>
        `<tr><th scope="row">${escapeHtml(first ?? '')}</th>${rest.map(cell => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`,
    )
    .join('');
  const sheets = report.sheets
    .map(
      ({ name, pictures }) =>
        `<h3>${escapeHtml(name)}</h3><ul class="sheet">${pictures.map(pictureHtml).join('')}</ul>`,
    )
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(report.title)}</title>
<style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(report.title)}</h1>
<dl>${summary}</dl>
<h2>Loss</h2>
${lineChart(report.curves, 'training step', 'loss (nats per token)')}
<h2>Scores</h2>
<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>
<p>${escapeHtml(report.scores.note)}</p>
<h2>Pictures it has never seen</h2>
<p>Drawn at random, right and wrong alike: the model’s caption, and below it the true one where it differs.</p>
${sheets}
<h2>Where the pictures and words come from</h2>
<ul>${report.attribution.map(line => `<li>${escapeHtml(line)}</li>`).join('')}</ul>
</main></body></html>
`;
}

function pictureHtml({ source, truth, caption, right }: ReportPicture): string {
  const truthLine = right ? '' : `<span class="truth">${escapeHtml(truth)}</span>`;
  return `<li class="${right ? 'right' : 'wrong'}"><img src="${source}" alt="${escapeHtml(truth)}" width="64" height="64"><span><b>${right ? '✓' : '✗'}</b> ${escapeHtml(caption) || '(nothing)'}</span>${truthLine}</li>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e6e9ef);--paper:light-dark(#fff,#14181f);--soft:light-dark(#eef1f5,#222834);--good:light-dark(#177245,#5fd39a);--bad:light-dark(#a33a2a,#ff9c8a)}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2}h2{margin-top:2.5rem;font-size:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}dt{opacity:.7}dd{margin:0}
svg{width:100%;height:auto;font-size:12px;fill:currentColor}.grid{stroke:currentColor;opacity:.15}
table{border-collapse:collapse;width:100%}th,td{padding:.4rem .6rem;text-align:right;border-bottom:1px solid var(--soft)}th:first-child{text-align:left}
.sheet{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem}
.sheet li{background:var(--soft);border-radius:.6rem;padding:.6rem;display:flex;flex-direction:column;gap:.25rem;font-size:.85rem;overflow-wrap:anywhere}
.sheet img{image-rendering:auto;border-radius:.4rem;background:#fff}
.right b{color:var(--good)}.wrong b{color:var(--bad)}.truth{opacity:.7}
`;
