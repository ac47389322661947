import { ConfigError, type ProcessPlace } from '@simvlm/core';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * This process's place by the variables that `torchrun` sets, and that can be set by hand: `WORLD_SIZE` (how many processes),
 * `RANK` (which of them), `MASTER_ADDR` and `MASTER_PORT` (where process 0 listens, or with `TORCHELASTIC_USE_AGENT_STORE=True` the launcher).
 *
 * @returns undefined for a process on its own: without `WORLD_SIZE`, or where it is 1
 * @throws ConfigError that names the variable, what it is and what is allowed
 */
export function processPlace(env: Environment = currentEnvironment()): ProcessPlace | undefined {
  if (!env.WORLD_SIZE) {
    // Whoever numbers a process means that there are others.
    if (env.RANK) throw missing('WORLD_SIZE', `RANK is ${env.RANK}`);
    return undefined;
  }
  const size = whole(env, 'WORLD_SIZE', 1, 1 << 20);
  if (size === 1) return undefined;
  return {
    rank: whole(env, 'RANK', 0, size - 1),
    size,
    host: env.MASTER_ADDR?.trim() || fail(missing('MASTER_ADDR', `WORLD_SIZE is ${size}`)),
    port: whole(env, 'MASTER_PORT', 1, 65535),
    ...(env.TORCHELASTIC_USE_AGENT_STORE === 'True' && { launcherListens: true }),
  };
}

/** Which process of its machine this one is, and so which of the machine's GPUs it takes: `LOCAL_RANK`, or 0. */
export function localRank(env: Environment = currentEnvironment()): number {
  return env.LOCAL_RANK ? whole(env, 'LOCAL_RANK', 0, 1 << 20) : 0;
}

function whole(env: Environment, name: string, least: number, most: number): number {
  const text = env[name]?.trim();
  if (!text) throw missing(name, `WORLD_SIZE is ${env.WORLD_SIZE}`);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new ConfigError(
    'CONFIG_INVALID',
    `the environment variable ${name} is ${JSON.stringify(env[name])}; it must be a whole number from ${least} to ${most}`,
  );
}

function missing(name: string, because: string): ConfigError {
  return new ConfigError(
    'CONFIG_INVALID',
    `the environment variable ${name} is missing, and ${because}: several processes need RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT`,
  );
}

function fail(error: Error): never {
  throw error;
}

function currentEnvironment(): Environment {
  return typeof process === 'undefined' ? {} : (process.env ?? {});
}
