import { DataError, type JsonValue, type OptionRule, rule } from '@simvlm/core';

/**
 * A position that was saved, as an object whose keys follow their rules.
 *
 * @param where path of the position in the whole state, such as `data.streams[0]`
 * @throws DataError that names the first key that is missing or of another kind
 */
export function savedPosition(
  state: JsonValue,
  where: string,
  rules: Readonly<Record<string, OptionRule>>,
): Record<string, JsonValue> {
  if (!rule.object.accepts(state)) throw unusable(where, rule.object.expected, state);
  const position = state as Record<string, JsonValue>;
  for (const [key, { expected, accepts }] of Object.entries(rules)) {
    const value = Object.hasOwn(position, key) ? position[key] : undefined;
    if (!accepts(value)) throw unusable(`${where}.${key}`, expected, value);
  }
  return position;
}

function unusable(where: string, expected: string, value: JsonValue | undefined): DataError {
  const given = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
  return new DataError(
    'DATA_INVALID',
    `the saved data position is damaged or was saved by another program: "${where}" must be ${expected}, got ${given}`,
  );
}
