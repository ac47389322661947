import { ConfigError, DataError, didYouMean, isWellFormed, type JsonValue, type Sample } from '@simvlm/core';

/** What the columns of a table, or the keys of a JSON object, can be for a sample. */
const ROLES = {
  key: ['key', '__key__', 'id'],
  image: ['image', 'file_name', 'image_path', 'img'],
  url: ['url', 'URL'],
  text: ['text', 'caption', 'TEXT'],
  texts: ['texts', 'captions'],
  question: ['question'],
  answers: ['answers', 'answer'],
  label: ['label'],
  split: ['split'],
  source: ['source'],
  target: ['target'],
} as const;

export type Role = keyof typeof ROLES;

/** Names of one's own for columns, by what they are for a sample. */
export type ColumnMap = Readonly<Partial<Record<Role, string>>>;

/** Which column has which role. */
export type Columns = ReadonlyMap<Role, string>;

/**
 * The roles of columns: those that `map` names, and for the other roles the first usual name that is there (`caption` is `text`).
 *
 * @param names of all columns; for a table without a header their numbers, from 0
 * @param where the file, for messages
 * @throws ConfigError for a role that does not exist, and for a column that is not there
 */
export function columnsOf(names: readonly string[], map: ColumnMap = {}, where: string): Columns {
  const columns = new Map<Role, string>();
  for (const [role, name] of Object.entries(map)) {
    if (!Object.hasOwn(ROLES, role))
      throw new ConfigError(
        'CONFIG_UNKNOWN_KEY',
        `a column can be ${Object.keys(ROLES).join(', ')}, not "${role}"${didYouMean(role, Object.keys(ROLES))}`,
      );
    if (!names.includes(name))
      throw new ConfigError(
        'CONFIG_INVALID',
        `${where} has no column "${name}"; it has ${names.join(', ') || 'none'}${didYouMean(name, names)}`,
      );
    columns.set(role as Role, name);
  }
  const taken = new Set(columns.values());
  for (const [role, usual] of Object.entries(ROLES)) {
    const name = usual.find(name => names.includes(name) && !taken.has(name));
    if (columns.has(role as Role) || name === undefined) continue;
    columns.set(role as Role, name);
    taken.add(name);
  }
  return columns;
}

/** What a record says besides its pictures; `image` and `url` are left to the format. */
export type RecordParts = Omit<Sample, 'key' | 'images'>;

/**
 * The texts, answers, label and other fields of a record.
 *
 * @param where file and place, for messages
 * @throws DataError for a value of another type than its role has
 */
export function recordParts(
  record: Readonly<Record<string, JsonValue>>,
  columns: Columns,
  where: string,
): RecordParts {
  const of = (role: Role): JsonValue | undefined => {
    const name = columns.get(role);
    const value = name !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
    return value ?? undefined;
  };
  const text = of('text');
  const texts = listOf(Array.isArray(text) ? text : of('texts'), 'texts', where);
  const answers = of('answers');
  const used = new Set(columns.values());
  const fields = Object.entries(record).filter(([name]) => !used.has(name));
  const first = Array.isArray(text) ? undefined : textOf(text, 'text', where);
  return compact({
    text: first ?? texts?.[0],
    texts: texts && texts.length > 1 ? texts : undefined,
    question: textOf(of('question'), 'question', where),
    answers: listOf(answers === undefined || Array.isArray(answers) ? answers : [answers], 'answers', where),
    label: labelOf(of('label'), where),
    split: textOf(of('split'), 'split', where),
    source: textOf(of('source'), 'source', where),
    target: textOf(of('target'), 'target', where),
    fields: fields.length > 0 ? Object.fromEntries(fields) : undefined,
  });
}

/** An object without the members that are undefined. */
export function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}

/** A text; undefined for none and for white space alone. @throws DataError for what is no text, or cannot be written as UTF-8 */
export function textOf(value: JsonValue | undefined, what: string, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !isWellFormed(value))
    throw new DataError('DATA_INVALID', `${where}: ${what} must be text, not ${JSON.stringify(value)}`);
  return value.trim() === '' ? undefined : value;
}

function listOf(value: JsonValue | undefined, what: string, where: string): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const list = Array.isArray(value) ? value : [value];
  const texts = list
    .map(item => textOf(typeof item === 'number' ? String(item) : item, what, where))
    .filter(text => text !== undefined);
  return texts.length > 0 ? texts : undefined;
}

/** A whole number stays one, also as text in a table. */
function labelOf(value: JsonValue | undefined, where: string): number | string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return value;
  const text = textOf(value, 'label', where);
  return text !== undefined && /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
}
