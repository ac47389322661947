import { availableParallelism } from 'node:os';

/**
 * The cores that a process has for itself: those of this machine, divided by the processes that train on it. `torchrun` says how many those
 * are. Without it, all are on this machine if they meet at a loopback address; else each is taken to have a machine of its own.
 *
 * @param processes of the run, on all machines
 */
export function coresFor(
  processes: number,
  { environment = process.env, cores = availableParallelism() } = {},
): number {
  const { LOCAL_WORLD_SIZE, MASTER_ADDR = '' } = environment;
  const isHere = /^(localhost|127\.[\d.]+|::1)$/.test(MASTER_ADDR);
  const here = Number(LOCAL_WORLD_SIZE) || (isHere ? processes : 1);
  return processes === 1 ? cores : Math.max(1, Math.floor(cores / here));
}
