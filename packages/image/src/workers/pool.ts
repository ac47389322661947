import { BackendError, ImageError, type RgbImage } from '@simvlm/core';
import type { PictureJob } from '../picture-job';
import { type ReplyMessage, receivedError, toTransfer } from './messages';
import type { Thread, ThreadEvents } from './thread';

/**
 * Jobs in a worker at a time. A thread that trains on its own cores takes no result and gives no job during a step: a worker has enough to do
 * until the next one.
 */
const AT_ONCE = 64;

/** So many workers that end before they have started, one after another, and it is no accident. */
const STILLBORN = 3;

interface Pending {
  readonly id: number;
  readonly job: PictureJob;
  readonly resolve: (image: RgbImage) => void;
  readonly reject: (error: Error) => void;
  /** A worker died while it had this job. It is done again, alone: if that one dies too, it is known why. */
  readonly suspect: boolean;
}

interface Worker {
  readonly thread: Thread;
  readonly jobs: Map<number, Pending>;
  /** It has started, and may have begun with its jobs. */
  ready: boolean;
}

/** Jobs spread over workers, which are started when they are first needed and replaced when they die. */
export class WorkerPool {
  readonly #most: number;
  readonly #atOnce: number;
  readonly #start: (events: ThreadEvents) => Thread;
  readonly #onProblem: (error: Error) => void;
  readonly #workers = new Set<Worker>();
  readonly #queue: Pending[] = [];
  #nextId = 0;
  /** Workers that died one after another before they had started. */
  #stillborn = 0;
  #end: Error | undefined;

  constructor(
    workers: number,
    start: (events: ThreadEvents) => Thread,
    onProblem: (error: Error) => void = () => {},
    atOnce = AT_ONCE,
  ) {
    this.#atOnce = atOnce;
    this.#most = workers;
    this.#start = start;
    this.#onProblem = onProblem;
  }

  prepare(job: PictureJob): Promise<RgbImage> {
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: this.#nextId++, job, resolve, reject, suspect: false });
      this.#dispatch();
    });
  }

  /** Ends the workers. What is not done yet is rejected. */
  close(): void {
    this.#fail(new Error('the picture pool is closed'));
  }

  #dispatch(): void {
    for (let next = this.#queue[0]; next && !this.#end; next = this.#queue[0]) {
      const worker = this.#workerFor(next);
      if (!worker) return;
      this.#queue.shift();
      worker.jobs.set(next.id, next);
      worker.thread.mayEnd(false);
      const [job, transfer] = toTransfer(next.job);
      worker.thread.post({ id: next.id, job }, transfer);
    }
  }

  /** The one with the fewest jobs, or a new one where all have some; undefined: the job has to wait. */
  #workerFor({ suspect }: Pending): Worker | undefined {
    let best: Worker | undefined;
    for (const worker of this.#workers) {
      if ([...worker.jobs.values()].some(job => job.suspect)) continue;
      if (worker.jobs.size < (best?.jobs.size ?? this.#atOnce)) best = worker;
    }
    const isFree = best?.jobs.size === 0;
    if (!isFree && this.#workers.size < this.#most) return this.#hire();
    return suspect && !isFree ? undefined : best;
  }

  #hire(): Worker {
    const worker: Worker = {
      thread: this.#start({
        onReply: message => this.#take(worker, message),
        onDeath: cause => this.#bury(worker, cause),
      }),
      jobs: new Map(),
      ready: false,
    };
    this.#workers.add(worker);
    return worker;
  }

  #take(worker: Worker, message: ReplyMessage): void {
    if ('ready' in message) {
      worker.ready = true;
      this.#stillborn = 0;
      return;
    }
    const pending = worker.jobs.get(message.id)!;
    worker.jobs.delete(message.id);
    if ('error' in message) pending.reject(receivedError(message.error));
    else pending.resolve(message.image);
    this.#dispatch();
    if (worker.jobs.size === 0) worker.thread.mayEnd(true);
  }

  #bury(worker: Worker, cause: unknown): void {
    if (this.#end) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (!worker.ready && ++this.#stillborn === STILLBORN) {
      const message = `picture workers do not start: ${reason}; try it without workers`;
      this.#fail(new BackendError('BACKEND_FAILED', message, { cause }));
      return;
    }
    this.#workers.delete(worker);
    const again: Pending[] = [];
    for (const pending of worker.jobs.values()) {
      if (pending.suspect && worker.ready)
        pending.reject(
          new ImageError('IMAGE_UNREADABLE', `two workers died of this picture, the last: ${reason}`, {
            cause,
          }),
        );
      else again.push({ ...pending, suspect: pending.suspect || worker.ready });
    }
    this.#queue.unshift(...again);
    this.#onProblem(
      new BackendError(
        'BACKEND_FAILED',
        `a picture worker died (${reason}) and is replaced; pictures done again: ${again.length}`,
        { cause },
      ),
    );
    this.#dispatch();
  }

  #fail(error: Error): void {
    if (this.#end) return;
    this.#end = error;
    for (const { thread, jobs } of this.#workers) {
      thread.terminate();
      for (const { reject } of jobs.values()) reject(error);
    }
    this.#workers.clear();
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}
