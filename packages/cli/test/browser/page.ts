import { smallTraining } from './small-training';

/** Where the test looks for the outcome. */
declare global {
  var outcome: Promise<unknown>;
}
globalThis.outcome = smallTraining();
