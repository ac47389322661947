import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { lossCount, losses } from '../state/teach';
import { isDark } from '../state/theme';

const height = 220;

/** The loss of every step, and its running mean, drawn by uPlot; as often as the state of the training tells. */
export function LossPlot() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = place.current!;
    let plot: uPlot | undefined;
    const disposeTheme = effect(() => {
      isDark();
      plot?.destroy();
      plot = draw(host);
    });
    const disposeData = effect(() => {
      lossCount.value;
      plot?.setData(data());
    });
    const resized = new ResizeObserver(() =>
      plot?.setSize({ width: Math.max(host.clientWidth, 200), height }),
    );
    resized.observe(host);
    return () => {
      disposeTheme();
      disposeData();
      resized.disconnect();
      plot?.destroy();
    };
  }, []);
  return (
    <figure class="loss" aria-labelledby="loss-caption">
      <div ref={place} aria-hidden="true" />
      <figcaption id="loss-caption">
        How far the model is from your captions at each step, and the running mean: lower is better.{' '}
        {spoken()}
      </figcaption>
    </figure>
  );
}

/** The curve for those who do not see it. */
function spoken(): string {
  const count = lossCount.value;
  if (count === 0) return 'Nothing has been learnt yet.';
  return `It began at ${losses.losses[0]!.toFixed(2)} and is ${losses.losses.at(-1)!.toFixed(2)} after ${losses.steps.at(-1)} steps.`;
}

function draw(host: HTMLElement): uPlot {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--muted-ink'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: color('--hairline'), width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: Math.max(host.clientWidth, 200),
      height,
      legend: { show: false },
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(max * 1.08, 0.1)] } },
      axes: [
        { ...axis, size: 28 },
        { ...axis, size: 44 },
      ],
      series: [
        {},
        { stroke: color('--loss-raw'), width: 1, points: { show: false } },
        { stroke: color('--accent'), width: 2.5, points: { show: false } },
      ],
    },
    data(),
    host,
  );
}

function data(): uPlot.AlignedData {
  return [losses.steps, losses.losses, runningMean(losses.losses)];
}

/** Exponential mean with the bias of its start taken out, as in Adam. */
function runningMean(values: readonly number[], decay = 0.9): number[] {
  let sum = 0;
  let weight = 0;
  return values.map(value => {
    sum = decay * sum + (1 - decay) * value;
    weight = decay * weight + (1 - decay);
    return sum / weight;
  });
}
