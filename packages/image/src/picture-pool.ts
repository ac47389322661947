import { ConfigError, type RgbImage } from '@simvlm/core';
import { type PictureJob, preparePicture } from './picture-job';
import { WorkerPool } from './workers/pool';
import { startThread } from './workers/thread';

/** Threads that decode and vary pictures. */
export interface PicturePool {
  /** 0: the calling thread does the work. */
  readonly workers: number;
  /**
   * What `preparePicture` gives. Each call has its own promise, and the order in which jobs end says nothing. A worker has at most 64 jobs at
   * a time; the pool queues the others, without a limit: whoever calls decides how many pictures it asks for at once. The picture of a job is
   * copied when its turn comes, and stays the caller's.
   *
   * @throws what `preparePicture` throws; ImageError for a picture that two workers died of; BackendError when workers do not start
   */
  prepare(job: PictureJob): Promise<RgbImage>;
  /** Ends the workers; jobs that are not done are rejected, and so is every later one. */
  close(): Promise<void>;
}

export interface PicturePoolOptions {
  /** Threads beside the calling one, from 0 (the calling thread does the work) to 256. They start when they are first needed. */
  readonly workers: number;
  /** Is told when a worker dies. It is replaced, and its pictures are done again. */
  readonly onProblem?: (error: Error) => void;
}

/**
 * Opens threads: `worker_threads` in Node, module workers in browsers. What they give is what `preparePicture` gives in this thread. Workers that have
 * nothing to do do not keep a Node process alive.
 *
 * In Node the workers switch off the cache of libvips and its own threads: libvips has one setting for the whole process.
 *
 * @throws ConfigError for a number of workers that is none
 */
export function openPicturePool({ workers, onProblem }: PicturePoolOptions): PicturePool {
  if (!Number.isInteger(workers) || workers < 0 || workers > 256)
    throw new ConfigError('CONFIG_INVALID', `workers must be an integer from 0 to 256, got ${workers}`);
  if (workers === 0) return { workers, prepare: preparePicture, close: async () => {} };
  const pool = new WorkerPool(workers, startThread, onProblem);
  return { workers, prepare: job => pool.prepare(job), close: async () => pool.close() };
}
