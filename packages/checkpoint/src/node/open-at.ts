import type { HttpOptions } from '@simvlm/bytes';
import type { Checkpoint } from '../checkpoint';
import { openHttpCheckpoint } from '../http/http-checkpoint';
import { openCheckpoint } from './folder-storage';

/**
 * The checkpoint at a path or a web address: what a person names.
 *
 * @param place a path as `openCheckpoint` takes it, or the address of a checkpoint's folder that begins with `http://` or `https://`
 * @throws CheckpointError as `openCheckpoint` and `openHttpCheckpoint`
 */
export function openCheckpointAt(place: string, options?: HttpOptions): Promise<Checkpoint> {
  return /^https?:\/\//i.test(place) ? openHttpCheckpoint(place, options) : openCheckpoint(place);
}
