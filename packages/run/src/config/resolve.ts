import { ConfigError, OptionError } from '@simvlm/core';
import { ESTIMATE_STEPS } from '@simvlm/trainer';
import { configError, unknownKey, valueAt } from './messages';
import { EXCLUSIVE, LENGTHS, type RunConfig, runSchema } from './schema';

/** Steps of the warm-up of a run of minutes, which does not know at first how many steps it will take. */
const WARMUP_OF_MINUTES = 100;

/** Pieces of a vocabulary whose size nobody says. */
export const VOCABULARY = 8000;

/**
 * A configuration, checked, with every default.
 *
 * @param given as JSON has it
 * @param where what the message names, such as a file
 * @throws ConfigError with the key's path, its value and what is allowed
 */
export function resolveRunConfig(given: unknown, where = 'run config'): RunConfig {
  refuseInherited(given, where);
  const parsed = runSchema.safeParse(given);
  if (!parsed.success) throw configError(where, given, parsed.error.issues);
  const { $schema: _, ...config } = parsed.data;
  const own = (given as { optimizer: { warmup?: number } }).optimizer;
  if (config.minutes !== undefined && own.warmup === undefined) config.optimizer.warmup = WARMUP_OF_MINUTES;
  checkTogether(config, where);
  // Options of parts may hold anything; and what is undefined is not given.
  return JSON.parse(JSON.stringify(config)) as RunConfig;
}

/** Keys that rule each other out, or need each other. */
function checkTogether(config: RunConfig, where: string): void {
  const { data, batch, optimizer, minutes } = config;
  const refuse = (message: string) => {
    throw new ConfigError('CONFIG_INVALID', `${where}: ${message}`);
  };
  for (const keys of EXCLUSIVE) {
    const given = keys.filter(key => valueAt(config, key.split('.')) !== undefined);
    if (given.length > 1) refuse(`${quoted(given, ' and ')} exclude each other: give one of them`);
  }
  if (LENGTHS.every(key => config[key] === undefined))
    refuse(`say how long the run is: give ${quoted(LENGTHS, ' or ')}`);
  if (batch.imageText + batch.textOnly === 0)
    refuse('"batch.imageText" and "batch.textOnly" are both 0: a step needs examples');
  if (config.training.captureSteps && config.spikes.action === 'skip')
    refuse('"training.captureSteps" and "spikes.action" skip exclude each other: use "rollback"');
  if (isEmoji(data.train))
    for (const key of ['val', 'valShare', 'documents'] as const)
      if (data[key] !== undefined)
        refuse(`"data.${key}" does not go with "data.train" emoji, which has its own`);
  if (minutes !== undefined && optimizer.warmup < ESTIMATE_STEPS)
    throw new OptionError(
      where,
      'optimizer.warmup',
      `${ESTIMATE_STEPS} steps or more in a run of "minutes"`,
      optimizer.warmup,
    );
}

/** Whether what is trained on is the embedded data set alone, which has its own validation pictures and documents. */
export function isEmoji(source: RunConfig['data']['train']): boolean {
  if (typeof source !== 'object') return source === 'emoji';
  return 'source' in source && source.source === 'emoji';
}

/** What every object inherits can be a key in JSON, and zod passes over it. */
function refuseInherited(value: unknown, where: string, path: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, '__proto__')) throw unknownKey(where, path, '__proto__');
  for (const [key, inner] of Object.entries(value)) refuseInherited(inner, where, [...path, key]);
}

function quoted(keys: readonly string[], and: string): string {
  return keys.map(key => `"${key}"`).join(and);
}
