import type { Sample } from '@simvlm/core';
import { escapeHtml } from '@simvlm/run/report';

/** A picture as it is shown, or why it is not. */
export type SheetPicture =
  | { readonly source: string; readonly width: number; readonly height: number; readonly format: string }
  | { readonly path: string; readonly problem: string };

export interface SheetSample {
  readonly sample: Sample;
  readonly pictures: readonly SheetPicture[];
}

export interface ContactSheet {
  readonly title: string;
  /** How the samples were chosen, in one sentence. */
  readonly chosen: string;
  readonly samples: readonly SheetSample[];
  /** Why records could not be read at all. */
  readonly skipped: readonly string[];
}

/** A data set at a glance: one HTML file that opens anywhere, light or dark, without a network. */
export function contactSheetHtml({ title, chosen, samples, skipped }: ContactSheet): string {
  const left =
    skipped.length === 0
      ? ''
      : `<h2>Not read</h2><ul>${skipped.map(reason => `<li>${escapeHtml(reason)}</li>`).join('')}</ul>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(chosen)}</p>
<ul class="sheet">${samples.map(sampleHtml).join('\n')}</ul>
${left}
</main></body></html>
`;
}

function sampleHtml({ sample, pictures }: SheetSample): string {
  const { key, text, texts, question, answers, label, split, source, target } = sample;
  const said: [name: string, value: string | undefined][] = [
    ['question', question],
    ['answers', answers && counted(answers).join(' · ')],
    ['label', label === undefined ? undefined : String(label)],
    ['split', split],
    ['source', source],
    ['target', target],
  ];
  const facts = said.flatMap(([name, value]) =>
    value === undefined ? [] : [`<dt>${name}</dt><dd dir="auto">${escapeHtml(value)}</dd>`],
  );
  const captions = (texts ?? (text === undefined ? [] : [text])).map(
    each => `<p dir="auto">${escapeHtml(each)}</p>`,
  );
  const alt = text ?? question ?? key;
  return [
    `<li><div class="pictures">${pictures.map(picture => pictureHtml(picture, alt)).join('')}</div>`,
    `<code>${escapeHtml(key)}</code>`,
    ...captions,
    facts.length > 0 ? `<dl>${facts.join('')}</dl>` : '',
    '</li>',
  ].join('');
}

function pictureHtml(picture: SheetPicture, alt: string): string {
  if ('problem' in picture)
    return `<p class="problem"><b>not readable</b> ${escapeHtml(picture.path)}: ${escapeHtml(picture.problem)}</p>`;
  const { source, width, height, format } = picture;
  return `<figure><img src="${source}" alt="${escapeHtml(alt)}" loading="lazy"><figcaption>${width} × ${height} ${escapeHtml(format)}</figcaption></figure>`;
}

/** Ten answers are often three: `yes (8)`. */
function counted(answers: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, count]) => (count > 1 ? `${answer} (${count})` : answer));
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e6e9ef);--paper:light-dark(#fff,#14181f);--soft:light-dark(#eef1f5,#222834);--faint:light-dark(#5a6475,#a3adbd);--bad:light-dark(#a33a2a,#ff9c8a)}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:90rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem}
.sheet{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.8rem}
.sheet>li{background:var(--soft);border-radius:.6rem;padding:.8rem;display:flex;flex-direction:column;gap:.4rem;overflow-wrap:anywhere;min-width:0}
.pictures{display:flex;gap:.5rem;flex-wrap:wrap}
figure{margin:0;min-width:0}img{display:block;max-width:100%;max-height:200px;border-radius:.3rem;background:#fff}
figcaption,code,dt{color:var(--faint);font-size:.8rem}
p{margin:0}main>p{margin:0 0 1rem}.problem{color:var(--bad);font-size:.85rem}
dl{margin:0;display:grid;grid-template-columns:max-content 1fr;gap:.1rem .6rem;font-size:.9rem}dd{margin:0}
`;
