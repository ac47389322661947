/**
 * Process 1 of the tests in process-group.test.ts: joins by its environment, then does what its standard input says, a word at a
 * time, and answers with a line of JSON each.
 */
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import { joinProcessGroup, processPlace, registerNativeBackend } from '../src/index';
import { compressedSum, numbersOf, tensorsOf } from './collected';

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function main() {
  await registerNativeBackend({ device: 'cpu', threads: 1 });
  await tf.setBackend('native');
  const group = await joinProcessGroup(processPlace()!, { timeout: 300 });
  say({ rank: group.rank, size: group.size });
  for await (const word of createInterface(process.stdin)) {
    if (word === 'end') break;
    if (word === 'compressed') say(await compressedSum(group));
    else if (word === 'one') say(await numbersOf(await group.allReduce([tf.scalar(10)])));
    else if (word === 'broadcast 1') say(await numbersOf(await group.broadcast(tensorsOf(group.rank), 1)));
    else if (word === 'barrier') say(await group.barrier().then(() => 'passed'));
    else say(await numbersOf(await group[word as 'allReduce' | 'broadcast'](tensorsOf(group.rank))));
  }
  group.dispose();
}

main().catch(({ name, code, message }) => say({ name, code, message }));
