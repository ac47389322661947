import { processPlace } from '@simvlm/backend-native';
import { BackendError, type ProcessGroup } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { backendProviders } from './provider';

export { processPlace };

/**
 * Joins the processes that the environment tells of (`RANK`, `WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`, as `torchrun` sets them), over
 * the backend that `pickBackend` made the current one.
 *
 * @returns undefined for a process on its own: without `WORLD_SIZE`, or where it is 1; else a group that the caller disposes
 * @throws ConfigError for a variable that is missing or wrong; BackendError when the backend has no way between processes, or when not
 *   all of them come
 */
export async function joinProcesses(): Promise<ProcessGroup<tf.Tensor> | undefined> {
  const place = processPlace();
  if (!place) return undefined;
  const name = tf.getBackend();
  const join = backendProviders().find(provider => provider.name === name)?.joinProcessGroup;
  if (!join)
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `the backend '${name}' cannot train in several processes, and WORLD_SIZE is ${place.size}: use the backend 'native'`,
    );
  return join(place);
}
