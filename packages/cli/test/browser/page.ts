import { shardTraining } from './shard-training';
import { smallTraining } from './small-training';

/** Where the test looks for the outcome. */
declare global {
  var outcome: Promise<unknown>;
}
const shard = new URLSearchParams(location.search).get('shard');
globalThis.outcome = shard === null ? smallTraining() : shardTraining(shard);
