import { ConfigError, type JsonValue, rule } from '@simvlm/core';
import { EXCLUSIVE } from './schema';

/** A configuration with `key=value` pairs applied: dotted keys; values are JSON, else strings. */
export function applyOverrides(
  config: Record<string, JsonValue>,
  overrides: readonly string[],
): Record<string, JsonValue> {
  const values: [string, JsonValue][] = overrides.map(pair => {
    const at = pair.indexOf('=');
    if (at < 1) throw new ConfigError('CONFIG_INVALID', `--set takes key=value, got "${pair}"`);
    return [pair.slice(0, at), parseValue(pair.slice(at + 1))];
  });
  return withValues(config, values);
}

/** A configuration with other values, each by its dotted key. */
export function withValues(
  config: Record<string, JsonValue>,
  values: Iterable<readonly [key: string, value: JsonValue]>,
): Record<string, JsonValue> {
  const result = structuredClone(config);
  for (const [full, value] of values) {
    const path = full.split('.');
    const last = path.pop()!;
    let target = result;
    for (const key of path) target = ownObject(target, key);
    setOwn(target, last, value);
    // It takes the place of those that it excludes, which have the same parent.
    for (const key of EXCLUSIVE.find(keys => keys.includes(full)) ?? [])
      if (key !== full) delete target[key.split('.').at(-1)!];
  }
  return result;
}

/** The object that `key` holds, made where there is none. What every object inherits, such as "constructor", does not count. */
function ownObject(target: Record<string, JsonValue>, key: string): Record<string, JsonValue> {
  if (!Object.hasOwn(target, key) || !rule.object.accepts(target[key])) setOwn(target, key, {});
  return Object.getOwnPropertyDescriptor(target, key)!.value as Record<string, JsonValue>;
}

/** An assignment to "__proto__" would change what the object inherits, and with a dotted key all objects. */
function setOwn(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
