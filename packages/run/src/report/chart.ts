import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { escapeHtml } from './escape';

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 760;
const HEIGHT = 300;
const MARGIN = { top: 12, right: 16, bottom: 34, left: 68 };

/** A line chart as inline SVG: no script, no font, no file beside it. */
export function lineChart(series: readonly Series[], xLabel: string, yLabel: string): string {
  const points = series.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return '<p>no numbers</p>';
  const xMax = Math.max(...points.map(([x]) => x), 1);
  const yMax = Math.max(...points.map(([, y]) => y));
  const yMin = Math.min(0, ...points.map(([, y]) => y));
  const x = scaleLinear([0, xMax], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLinear([yMin, yMax], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const draw = line<readonly [number, number]>(
    ([at]) => x(at),
    ([, value]) => y(value),
  ).defined(([, value]) => Number.isFinite(value));
  const grid = y.ticks(5).map(tick => {
    const at = y(tick).toFixed(1);
    return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" class="grid"/><text x="${MARGIN.left - 8}" y="${at}" dy="4" text-anchor="end">${tick}</text>`;
  });
  const ticks = x
    .ticks(8)
    .map(
      tick =>
        `<text x="${x(tick).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${tick}</text>`,
    );
  const paths = series.map(
    ({ colour, points, name }) =>
      `<path d="${draw([...points]) ?? ''}" fill="none" stroke="${colour}" stroke-width="1.8"><title>${escapeHtml(name)}</title></path>`,
  );
  const legend = series.map(({ name, colour }, i) => {
    const left = WIDTH - MARGIN.right - 150;
    return `<g transform="translate(${left},${MARGIN.top + 8 + 18 * i})"><line x2="18" stroke="${colour}" stroke-width="3"/><text x="24" dy="4">${escapeHtml(name)}</text></g>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${yLabel} over ${xLabel}">
${grid.join('')}${ticks.join('')}${paths.join('')}${legend.join('')}
<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 5}" text-anchor="middle">${xLabel}</text>
<text transform="translate(12,${(HEIGHT - MARGIN.bottom) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text></svg>`;
}

/** The mean of each point and its neighbours within ±`radius` entries: a noisy curve made readable. */
export function smooth(points: readonly (readonly [number, number])[], radius: number): [number, number][] {
  return points.map(([x], i) => {
    const near = points.slice(Math.max(0, i - radius), i + radius + 1);
    return [x, near.reduce((sum, [, y]) => sum + y, 0) / near.length];
  });
}

/** Points of a curve at most: more cannot be seen. */
const POINTS = 800;

/** Every so many-th entry, and the last. */
export function thin<T>(points: readonly T[]): T[] {
  const stride = Math.max(1, Math.ceil(points.length / POINTS));
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}
