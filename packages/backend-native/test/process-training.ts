/**
 * One of the processes of process-training.test.ts: joins as its environment says, trains, and gives what it held at each step. As a program
 * it is process 1, and writes that as a line of JSON.
 */
import { fileURLToPath } from 'node:url';
import type { BatchSource } from '@simvlm/core';
import type { TrainConfig } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { dealt, prefixLmRows } from '../../trainer/test/dealt';
import { batches, run } from '../../trainer/test/tiny';
import { joinProcessGroup, type ProcessPlace, processPlace, registerNativeBackend } from '../src/index';

export interface Held {
  readonly numTensors: number;
  readonly numBytes: number;
  /** Of the addon. */
  readonly handles: number;
}

/** What is held when a batch is asked for, step by step. */
function watched(source: BatchSource, held: Held[]): BatchSource {
  return {
    ...source,
    next() {
      const { numTensors, numBytes, handles } = tf.memory() as tf.MemoryInfo & { handles: number };
      held.push({ numTensors, numBytes, handles });
      return source.next();
    },
  };
}

export interface Done {
  readonly held: readonly Held[];
  /** Step by step; process 0 has them. */
  readonly losses: readonly number[];
}

/** @param place none for a process on its own */
export async function trainAt(place: ProcessPlace | undefined, config: Partial<TrainConfig>): Promise<Done> {
  await registerNativeBackend({ device: 'cpu', threads: 1 });
  await tf.setBackend('native');
  const processGroup = place && (await joinProcessGroup(place, { timeout: 300 }));
  const held: Held[] = [];
  try {
    const whole = batches({ documents: true });
    const source = watched(place ? dealt(whole, place, prefixLmRows) : whole, held);
    const { losses } = await run({ batches: source, config, ...(processGroup && { processGroup }) });
    return { held, losses };
  } finally {
    processGroup?.dispose();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await trainAt(processPlace()!, JSON.parse(process.argv[2]!))));
