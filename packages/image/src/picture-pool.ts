import { ConfigError, type RgbImage } from '@simvlm/core';
import { type PictureJob, preparePicture } from './picture-job';

/** Threads that decode and vary pictures. */
export interface PicturePool {
  /** 0: the calling thread does the work. */
  readonly workers: number;
  /**
   * What `preparePicture` gives. Each call has its own promise: the order in which jobs end says nothing. The pool queues what its
   * workers cannot take yet, without a limit: whoever calls decides how many pictures it asks for at a time.
   *
   * @throws ImageError for a picture that cannot be decoded
   */
  prepare(job: PictureJob): Promise<RgbImage>;
  close(): Promise<void>;
}

export interface PicturePoolOptions {
  /** Threads beside the calling one; 0: the calling thread does the work. */
  readonly workers: number;
}

/** @throws ConfigError for a number of workers that is none */
export function openPicturePool({ workers }: PicturePoolOptions): PicturePool {
  if (workers !== 0) throw new ConfigError('CONFIG_INVALID', `workers must be 0, got ${workers}`);
  return { workers, prepare: preparePicture, close: async () => {} };
}
