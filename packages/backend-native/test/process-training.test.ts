import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { type Done, trainAt } from './process-training';

const { describe } = await needs('gloo');

const STEPS = 200;
/** Rounding grows from step to step; in these it is still rounding. */
const COMPARED = 12;

describe('a training in two processes', () => {
  afterAll(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend('native');
  });

  test.each([
    { accumulate: 1 },
    { accumulate: 1, captureSteps: true },
    { shardOptimizer: true, accumulate: 2 },
  ])(
    'has the losses of one process, and holds as many tensors, bytes and handles after each step: %j',
    async change => {
      const config = { steps: STEPS, epsilon: 1e-6, ...change };
      const port = await new Promise<number>(resolve => {
        const server = createServer().listen(0, '127.0.0.1', () => {
          const { port } = server.address() as { port: number };
          server.close(() => resolve(port));
        });
      });
      const program = fileURLToPath(new URL('./process-training.ts', import.meta.url));
      const tsx = createRequire(import.meta.url).resolve('tsx');
      const other = promisify(execFile)(
        process.execPath,
        ['--import', tsx, program, JSON.stringify(config)],
        {
          cwd: fileURLToPath(new URL('../../..', import.meta.url)),
          env: {
            ...process.env,
            ...{ WORLD_SIZE: '2', RANK: '1', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}` },
          },
        },
      );
      const here = await trainAt({ rank: 0, size: 2, host: '127.0.0.1', port }, config);
      const there = JSON.parse((await other).stdout) as Done;
      for (const { held } of [here, there]) {
        expect(held).toHaveLength(STEPS * config.accumulate);
        // Once every recording is made: of some steps a process has other rows.
        const steady = held.slice(held.length / 2);
        expect([...new Set(steady.map(each => JSON.stringify(each)))]).toHaveLength(1);
      }
      const alone = await trainAt(undefined, { ...config, shardOptimizer: false });
      expect(here.losses).toHaveLength(STEPS);
      for (const [i, loss] of alone.losses.slice(0, COMPARED).entries())
        expect(Math.abs(here.losses[i]! - loss), `loss ${i + 1}`).toBeLessThan(1e-5);
    },
  );
});
