import { configError } from './messages';
import { type SourceConfig, source } from './sources';

/**
 * A source as a configuration names it.
 *
 * @param where names it in messages
 * @throws ConfigError for anything else
 */
export function checkSource(given: unknown, where = 'source'): SourceConfig {
  const parsed = source.safeParse(given);
  if (!parsed.success) throw configError(where, given, parsed.error.issues, source);
  return JSON.parse(JSON.stringify(parsed.data));
}
