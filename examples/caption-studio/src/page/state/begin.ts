import { showSample } from './caption';
import { phase, startEngine } from './engine';
import { report } from './notice';
import { samples } from './samples';
import { restore } from './teach';

/** The engine, then what a reload interrupted, then a first caption, so that the page is never empty. */
export async function begin(): Promise<void> {
  await startEngine();
  if (phase.value !== 'ready') return;
  // One does not stop the other, nor hide what the start has told.
  await restore().catch(report);
  await showSample(samples[0]!).catch(report);
}
