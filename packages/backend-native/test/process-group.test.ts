import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { BackendError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { joinProcessGroup, nativeBackend, type ProcessPlace, registerNativeBackend } from '../src/index';
import { compressedSum, manyNumbers, numbersOf, tensorsOf } from './collected';
import { describeNative } from './libtorch';

const { test: testWithGloo } = await needs('gloo');

/** A port of 127.0.0.1 that nobody uses. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Another Node process, whose words and answers are lines. */
class Peer {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(place: ProcessPlace) {
    this.process = spawn(
      process.execPath,
      [
        '--import',
        createRequire(import.meta.url).resolve('tsx'),
        fileURLToPath(new URL('./peer.ts', import.meta.url)),
      ],
      {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
          ...process.env,
          WORLD_SIZE: `${place.size}`,
          RANK: `${place.rank}`,
          MASTER_ADDR: place.host,
          MASTER_PORT: `${place.port}`,
        },
      },
    );
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  async answer(): Promise<unknown> {
    return JSON.parse((await this.#lines.next()).value);
  }

  ask(word: string): Promise<unknown> {
    this.process.stdin.write(`${word}\n`);
    return this.answer();
  }
}

const peers: Peer[] = [];
function peer(place: ProcessPlace): Peer {
  const started = new Peer(place);
  peers.push(started);
  return started;
}

describeNative('processes', () => {
  beforeAll(async () => {
    await registerNativeBackend({ device: 'cpu', threads: 1 });
    await tf.setBackend('native');
  });
  afterEach(() => {
    for (const { process } of peers.splice(0)) process.kill('SIGKILL');
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend('native');
  });

  const place = async (change: Partial<ProcessPlace> = {}): Promise<ProcessPlace> => ({
    ...{ rank: 0, size: 2, host: '127.0.0.1', port: await freePort() },
    ...change,
  });
  const failure = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => expect.unreachable('it did not fail'),
      (error: Error) => error,
    );
    expect(error).toBeInstanceOf(BackendError);
    return error;
  };

  testWithGloo('add up, broadcast, wait for one another, and learn at once that one has died', async () => {
    const here = await place();
    const there = peer({ ...here, rank: 1 });
    const group = await joinProcessGroup(here, { timeout: 300 });
    expect(await there.answer()).toEqual({ rank: 1, size: 2 });
    const before = tf.memory() as tf.MemoryInfo & { handles: number };

    const collect = async (what: 'allReduce' | 'broadcast') => {
      const given = tensorsOf(0);
      const [numbers, theirs] = await Promise.all([group[what](given).then(numbersOf), there.ask(what)]);
      tf.dispose(given);
      expect(theirs).toEqual(numbers);
      return numbers;
    };
    const sums = [[11], [11, 22, 33, 44, 55, 66], [], [11, 33, 55, 22, 44, 66], [11, -11], [11, 11]];
    expect(await collect('allReduce')).toEqual([...sums, [11, 11, 11, 11]]);
    const firsts = [[1], [1, 2, 3, 4, 5, 6], [], [1, 3, 5, 2, 4, 6], [1, -1], [1, 1], [1, 1, 1, 1]];
    expect(await collect('broadcast')).toEqual(firsts);
    expect(await group.allReduce([])).toEqual([]);
    const given = tensorsOf(0);
    const [fromOne, theirs] = await Promise.all([
      group.broadcast(given, 1).then(numbersOf),
      there.ask('broadcast 1'),
    ]);
    tf.dispose(given);
    expect(theirs).toEqual(fromOne);
    expect(fromOne.slice(0, 2)).toEqual([[10], [10, 20, 30, 40, 50, 60]]);

    // Several at once, each with its own sums.
    const ones = [1, 2, 3].map(value => tf.scalar(value));
    const [many] = await Promise.all([
      Promise.all(ones.map(one => group.allReduce([one]).then(numbersOf))),
      ...[1, 2, 3].map(() => there.ask('one')),
    ]);
    tf.dispose(ones);
    expect(many).toEqual([[[11]], [[12]], [[13]]]);

    // The event loop goes on while one waits for the other.
    let passed = false;
    const waiting = group.barrier().then(() => {
      passed = true;
    });
    for (let tick = 0; tick < 5; tick++) await new Promise(resolve => setTimeout(resolve, 5));
    expect(passed).toBe(false);
    expect(await there.ask('barrier')).toBe('passed');
    await waiting;
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, handles: before.handles });

    await expect(group.allReduce([tf.tensor1d([true], 'bool')])).rejects.toThrow(
      'all-reduce: tensors must be float32 or int32, got bool',
    );

    const one = tf.ones([1000]);
    const pending = failure(group.allReduce([one]));
    there.process.kill('SIGKILL');
    // The peer that is gone is the reason, not the time that is over.
    expect(await pending).toMatchObject({
      code: 'BACKEND_FAILED',
      message: expect.stringMatching(/^all-reduce in process 0 of 2 \(has another one ended\?\): [^\n]*peer/),
    });
    // The group is of no use any more, and says so each time.
    await failure(group.allReduce([one]));
    group.dispose();
    await expect(group.broadcast([one])).rejects.toThrow('broadcast: this process has left the group');
    one.dispose();
  });

  testWithGloo(
    'add up bfloat16 numbers within the bound, the same in each, or say that this libtorch cannot',
    async () => {
      const here = await place();
      const there = peer({ ...here, rank: 1 });
      const group = await joinProcessGroup(here, { timeout: 300 });
      await there.answer();
      if (nativeBackend()!.addon.torchVersion.startsWith('1.')) {
        await failure(compressedSum(group));
        group.dispose();
        return;
      }
      const [sums, theirs] = await Promise.all([compressedSum(group), there.ask('compressed')]);
      group.dispose();
      expect(theirs).toEqual(sums);
      const [a, b] = [manyNumbers(0), manyNumbers(1)];
      const unit = 2 ** -8;
      let rounded = 0;
      for (const [i, sum] of sums.entries()) {
        const error = Math.abs(sum - (a[i]! + b[i]!));
        expect(error).toBeLessThanOrEqual(((1 + unit) ** 2 - 1) * (Math.abs(a[i]!) + Math.abs(b[i]!)));
        if (error > 0) rounded++;
      }
      // It did travel as bfloat16.
      expect(rounded).toBeGreaterThan(2000);
      await expect(group.allReduce([tf.tensor1d([1], 'int32')], { precision: 'bfloat16' })).rejects.toThrow(
        'all-reduce: only float32 travels as bfloat16',
      );
    },
  );

  testWithGloo('that count differently both hear of it', async () => {
    const here = await place();
    const there = peer({ ...here, rank: 1, size: 3 });
    const message =
      /^joining the other processes: WORLD_SIZE is \d here and \d in process \d: give all the same$/;
    const error = await failure(joinProcessGroup(here, { timeout: 300 }));
    expect(error.message).toMatch(message);
    expect(await there.answer()).toMatchObject({
      ...{ name: 'BackendError', code: 'BACKEND_FAILED' },
      message: expect.stringMatching(message),
    });
  });

  testWithGloo.each<[string, Partial<ProcessPlace>, RegExp]>([
    ['another that never comes', {}, /: process 1 of 2 did not come within 1 s$/],
    [
      'a process 0 that is not there',
      { rank: 1 },
      /: process 1 of 2 cannot reach process 0 at 127\.0\.0\.1:\d+ within 1 s: check MASTER_ADDR, MASTER_PORT, and that process 0 runs \(.+\)$/,
    ],
    [
      'an address that nobody has',
      { rank: 1, host: 'no-such-host.invalid' },
      /cannot reach process 0 at no-such-host/,
    ],
  ])('do not wait longer than they are told for %s', async (_, change, message) => {
    const error = await failure(joinProcessGroup(await place(change), { timeout: 1 }));
    expect(error.message).toMatch(message);
  });

  testWithGloo('do not take a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    try {
      const error = await failure(joinProcessGroup(await place({ port }), { timeout: 5 }));
      expect(error.message).toMatch(/cannot listen on port \d+, which is in use: give another MASTER_PORT/);
    } finally {
      server.close();
    }
  });

  test('refuse a timeout that is none', async () => {
    await expect(joinProcessGroup(await place(), { timeout: 0.5 })).rejects.toThrow(
      'processes: "timeout" must be an integer from 1 to 1000000, got 0.5',
    );
  });
});
