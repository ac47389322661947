import { BackendError, ImageError, type RgbImage } from '@simvlm/core';
import { expect, test } from 'vitest';
import type { PictureJob } from '../picture-job';
import type { JobMessage } from './messages';
import { WorkerPool } from './pool';
import { startThread, type Thread, type ThreadEvents } from './thread';

const job = (side = 4): PictureJob => ({
  picture: { width: side, height: side, data: new Uint8Array(side * side * 3) },
  transform: { size: 2 },
});
const image: RgbImage = { width: 1, height: 1, data: new Uint8Array(3) };

/** Threads that do nothing until the test says so. */
class FakeThreads {
  readonly started: FakeThread[] = [];
  readonly start = (events: ThreadEvents): Thread => {
    const thread = new FakeThread(events);
    this.started.push(thread);
    return thread;
  };
}

class FakeThread implements Thread {
  readonly jobs: number[] = [];
  isIdle = true;
  ended = false;
  constructor(readonly events: ThreadEvents) {}
  post({ id }: JobMessage): void {
    this.jobs.push(id);
  }
  mayEnd(value: boolean): void {
    this.isIdle = value;
  }
  terminate(): void {
    this.ended = true;
  }
  ready(): this {
    this.events.onReply({ ready: true });
    return this;
  }
  /** Does its first job. */
  work(): void {
    this.events.onReply({ id: this.jobs.shift()!, image });
  }
  die(): void {
    this.events.onDeath(new Error('out of memory'));
  }
}

test('a worker has so many jobs at most; the others wait their turn, first come first served', async () => {
  const threads = new FakeThreads();
  const pool = new WorkerPool(2, threads.start, undefined, 2);
  const done = Array.from({ length: 6 }, () => pool.prepare(job()));
  expect(threads.started.map(thread => thread.jobs)).toEqual([
    [0, 2],
    [1, 3],
  ]);
  const [first, second] = threads.started.map(thread => thread.ready()) as [FakeThread, FakeThread];
  second.work();
  expect(second.jobs).toEqual([3, 4]);
  first.work();
  first.work();
  expect(first.jobs).toEqual([5]);
  first.work();
  second.work();
  second.work();
  expect(await Promise.all(done)).toHaveLength(6);
  expect([first.isIdle, second.isIdle]).toEqual([true, true]);
});

test('workers are started as they are needed', async () => {
  const threads = new FakeThreads();
  const pool = new WorkerPool(3, threads.start);
  for (let i = 0; i < 4; i++) {
    const done = pool.prepare(job());
    threads.started[0]!.ready().work();
    await done;
  }
  expect(threads.started).toHaveLength(1);
  void pool.prepare(job());
  expect(threads.started[0]!.isIdle).toBe(false);
  void pool.prepare(job());
  expect(threads.started).toHaveLength(2);
});

test('a worker that dies is replaced, its jobs are done again one at a time, and that is told', async () => {
  const threads = new FakeThreads();
  const problems: Error[] = [];
  const pool = new WorkerPool(1, threads.start, error => problems.push(error), 2);
  const done = [pool.prepare(job()), pool.prepare(job()), pool.prepare(job())];
  threads.started[0]!.ready().die();
  expect(problems.map(({ message }) => message)).toEqual([
    'a picture worker died (out of memory) and is replaced; pictures done again: 2',
  ]);
  const next = threads.started[1]!.ready();
  expect(next.jobs).toEqual([0]);
  next.work();
  expect(next.jobs).toEqual([1]);
  next.work();
  expect(next.jobs).toEqual([2]);
  next.work();
  expect(await Promise.all(done)).toHaveLength(3);
});

test('a picture that two workers died of is an ImageError; the one that was beside it is not', async () => {
  const threads = new FakeThreads();
  const pool = new WorkerPool(1, threads.start);
  const [deadly, innocent] = [pool.prepare(job()), pool.prepare(job())];
  deadly.catch(() => {});
  threads.started[0]!.ready().die();
  threads.started[1]!.ready().die();
  threads.started[2]!.ready().work();
  await expect(deadly).rejects.toBeInstanceOf(ImageError);
  await expect(deadly).rejects.toThrow('two workers died of this picture, the last: out of memory');
  expect(await innocent).toBe(image);
});

test('workers that never start end the pool with what kept them, and no job hangs', async () => {
  const threads = new FakeThreads();
  const pool = new WorkerPool(2, threads.start);
  const jobs = Array.from({ length: 5 }, () => pool.prepare(job()));
  const outcomes = Promise.allSettled(jobs);
  for (let i = 0; i < 3; i++) threads.started[i]!.die();
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(BackendError) });
  await expect(pool.prepare(job())).rejects.toThrow('picture workers do not start: out of memory');
});

test('a real thread that is killed in its work is replaced, and every picture comes', async () => {
  const module = process.getBuiltinModule('node:worker_threads');
  const { Worker } = module;
  const workers: InstanceType<typeof Worker>[] = [];
  module.Worker = class extends Worker {
    constructor(...options: ConstructorParameters<typeof Worker>) {
      super(...options);
      workers.push(this);
    }
  };
  const problems: string[] = [];
  const pool = new WorkerPool(2, startThread, ({ message }) => problems.push(message));
  try {
    const done = Array.from({ length: 12 }, (_, i) => pool.prepare(job(20 + i)));
    await done[0];
    await workers[0]!.terminate();
    expect(await Promise.all(done)).toHaveLength(12);
    expect(problems).toEqual([
      expect.stringMatching(/^a picture worker died \(it ended with code 1\) and is replaced/),
    ]);
  } finally {
    module.Worker = Worker;
    pool.close();
  }
});
