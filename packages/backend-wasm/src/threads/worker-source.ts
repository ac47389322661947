import { ARGS_AT, control, SCRATCH_AT, SCRATCH_BYTES } from '../layout';

/** How long a worker looks out for the next job before it sleeps. Waking a sleeper costs about as long. */
const SPIN_MS = 0.05;

/**
 * The program of a worker, as text: a bundler need not know of it, and there is no file to host. It instantiates the
 * module over the shared memory, says 'ready', then claims chunks of jobs until it is told to stop.
 *
 * A chunk is claimed by a compare-exchange on `state`, which holds the epoch of the job beside the number of chunks
 * left: a worker that comes late, with the state of an earlier job in hand, can claim nothing. What describes the job
 * is read after the claim, and cannot change before the claimed chunk is done.
 */
export const workerSource = `'use strict';
const start = ({ module, memory, names, thread }, post) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map(name => exports[name]);
  const c = new Int32Array(memory.buffer, 0, 128);
  exports.initThread(${SCRATCH_AT} + thread * ${SCRATCH_BYTES}, 0, 0);
  post('ready');
  let since = performance.now();
  for (let turn = 1; ; turn++) {
    const state = Atomics.load(c, ${control.state});
    if ((state & 255) === 0) {
      if (Atomics.load(c, ${control.stop}) === 1) return;
      if ((turn & 63) === 0 && performance.now() - since > ${SPIN_MS}) {
        Atomics.add(c, ${control.sleepers}, 1);
        if (Atomics.load(c, ${control.stop}) === 0) Atomics.wait(c, ${control.state}, state);
        Atomics.sub(c, ${control.sleepers}, 1);
        since = performance.now();
      }
      continue;
    }
    if (Atomics.compareExchange(c, ${control.state}, state, state - 1) !== state) continue;
    const begin = (c[${control.chunks}] - (state & 255)) * c[${control.chunk}];
    const end = Math.min(begin + c[${control.chunk}], c[${control.items}]);
    try {
      kernels[c[${control.kernel}]](${ARGS_AT}, begin, end);
    } catch {
      Atomics.store(c, ${control.failed}, 1);
    }
    Atomics.add(c, ${control.done}, 1);
    if (Atomics.load(c, ${control.callerSleeps}) === 1) Atomics.notify(c, ${control.done});
    since = performance.now();
  }
};
if (typeof require === 'function') {
  const { workerData, parentPort } = require('node:worker_threads');
  start(workerData, message => parentPort.postMessage(message));
} else onmessage = ({ data }) => start(data, message => postMessage(message));
`;
