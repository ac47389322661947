import {
  DataError,
  type ExampleDataset,
  printable,
  type StepMetrics,
  type TrainCallback,
} from '@simvlm/core';
import { predictCaptions } from '@simvlm/eval';
import { countOf, skippedLines, type Trained } from '@simvlm/run';
import type { TrainResult } from '@simvlm/trainer';
import { duration, percent, type Terminal } from './terminal';

/** Weight of the past in the loss that is shown: a single step is noisy. */
const SMOOTHING = 0.95;

/** The share of its time from which a training that waits for data says so. */
const WAITS = 0.05;

/** The live line: step, loss, learning rate, rows a second, time left, and the share of the time that goes into waiting for data. */
export function progressLine(terminal: Terminal, minutes: number | undefined): TrainCallback {
  let loss: number | undefined;
  let rate: number | undefined;
  /** Of the last steps, in seconds. */
  let waited: number | undefined;
  let taken: number | undefined;
  return {
    onStep(metrics) {
      loss = blend(loss, metrics.loss);
      rate = blend(rate, metrics.rowsPerSecond);
      waited = blend(waited, metrics.waited);
      taken = blend(taken, metrics.rows / metrics.rowsPerSecond);
      const { step, totalSteps, learningRate, seconds } = metrics;
      terminal.live(
        [
          `step ${step}${totalSteps === null ? '' : `/${totalSteps}`}`,
          `loss ${loss.toFixed(3)}`,
          `lr ${learningRate.toExponential(1)}`,
          `${rate.toFixed(0)} rows/s`,
          `${duration(secondsLeft(metrics, minutes) ?? seconds)} ${secondsLeft(metrics, minutes) === undefined ? 'so far' : 'left'}`,
          ...(waited > WAITS * taken ? [`waits for data: ${percent(waited / taken)}`] : []),
        ].join(' · '),
      );
    },
    onEvaluation(step, results) {
      const shown = Object.entries(results).map(([name, value]) => `${name} ${Number(value.toFixed(4))}`);
      terminal.note(`evaluation after step ${step}: ${shown.join(' · ')}`);
    },
    onWarning: error => terminal.warn(error.message),
  };
}

function secondsLeft({ step, totalSteps, seconds }: StepMetrics, minutes: number | undefined) {
  if (totalSteps !== null) return (seconds / step) * (totalSteps - step);
  return minutes === undefined ? undefined : minutes * 60 - seconds;
}

/** Once a minute of training: what the model says of a few pictures that it is not trained on. */
export function sampleCaptions(
  terminal: Terminal,
  { model, tokenizer }: Trained,
  pictures: ExampleDataset,
): TrainCallback {
  let minute = 0;
  return {
    async onStep({ seconds }) {
      if (Math.floor(seconds / 60) <= minute) return;
      minute = Math.floor(seconds / 60);
      const predictions = await predictCaptions(model, tokenizer, pictures).then(
        report => report.predictions,
        error => {
          // Samples are for the eye: training goes on without them.
          if (!(error instanceof DataError)) throw error;
          terminal.warn(error.message);
        },
      );
      if (!predictions) return;
      const lines = predictions.map(
        ({ truth, text }) => `  ${printable(truth)} → ${printable(text) || '(nothing)'}`,
      );
      terminal.note([`after ${minute} min, of pictures it is not trained on:`, ...lines].join('\n'));
    },
  };
}

function blend(past: number | undefined, now: number): number {
  return past === undefined ? now : SMOOTHING * past + (1 - SMOOTHING) * now;
}

/**
 * How a training ended. What could not be used is counted at the end, and named unless it was before.
 *
 * @param named reasons that were printed before the first step
 * @param run where its checkpoints are, and the patience of its early stopping
 */
export function reportTraining(
  terminal: Terminal,
  result: TrainResult,
  named: readonly string[],
  run: { readonly folder?: string; readonly patience?: number | undefined } = {},
): void {
  for (const [name, text] of endOfRun(result, run)) terminal.note(`${name.padEnd(10)}${text}`);
  const { skipped } = result;
  if (skipped.count === 0) return;
  terminal.warn(
    `${countOf(skipped.count, 'sample')} could not be used: ${countOf(skipped.draws, 'draw')} went to other samples`,
  );
  const reasons = skipped.reasons.filter(reason => !named.includes(reason));
  const known = skipped.reasons.length - reasons.length;
  for (const line of skippedLines({ count: skipped.count - known, reasons })) terminal.note(`  ${line}`);
}

/** The table at the end of a run. */
function endOfRun(
  { step, totalSteps, seconds, waited, rows, loss, reason, best, spikes }: TrainResult,
  run: { readonly folder?: string; readonly patience?: number | undefined },
): [name: string, text: string][] {
  const table: [string, string][] = [
    ['steps', `${step.toLocaleString('en')} of ${totalSteps?.toLocaleString('en') ?? '?'}`],
    ['examples', `${rows.toLocaleString('en')} in ${duration(seconds)}`],
  ];
  if (waited > WAITS * seconds)
    table.push(['waits', `for data: ${percent(waited / seconds)} of the time; raise "data.workers"`]);
  if (loss)
    table.push([
      'loss',
      `${loss.smoothed.toFixed(3)}; lowest ${loss.lowest.toFixed(3)} at step ${loss.lowestStep.toLocaleString('en')} (smoothed)`,
    ]);
  if (best)
    table.push([
      'best',
      `${best.name} ${best.value.toFixed(4)} at step ${best.step.toLocaleString('en')}` +
        (run.folder === undefined ? '' : `; use it with --checkpoint ${run.folder}/best`),
    ]);
  if (reason === 'early stopping')
    table.push([
      'ended',
      `early: ${best?.name ?? 'the metric'} got no better in ${run.patience} evaluations`,
    ]);
  if (spikes.found > 0)
    table.push([
      'spikes',
      `${countOf(spikes.found, 'spike')} of the loss: ${countOf(spikes.skipped, 'step')} skipped, ${countOf(spikes.rollbacks, 'rollback')}`,
    ]);
  return table;
}
