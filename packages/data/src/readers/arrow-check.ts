import type { Data } from 'apache-arrow';

/** What is wrong with a file; it becomes a DataError with a place. */
class Damaged extends Error {}

/** Arrow's numbers for the kinds of messages. */
const SCHEMA = 1;
const DICTIONARY = 2;
const RECORDS = 3;

/** A table of a flatbuffer. */
interface Table {
  /** The place of a field; undefined where it has its default. */
  field(index: number): number | undefined;
}

/**
 * Checks the metadata of a message before the library reads it: the library believes every length in it, and would fill the memory with lists
 * that a damaged file only states. Fields are numbered as in Arrow's `Message.fbs` and `Schema.fbs`.
 *
 * @param body bytes of the message's body
 * @throws Damaged
 */
export function checkMessage(metadata: Uint8Array, body: number): void {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.length);
  // Tables may share parts of theirs, which a file made to be slow would do over and over.
  let left = metadata.length;

  function within(begin: number, length: number): number {
    if (begin < 0 || begin + length > metadata.length) throw new Damaged('its metadata leads out of itself');
    return begin;
  }
  const uint16 = (at: number) => view.getUint16(within(at, 2), true);
  const uint32 = (at: number) => view.getUint32(within(at, 4), true);
  const int64 = (at: number) => Number(view.getBigInt64(within(at, 8), true));
  const indirect = (at: number) => at + uint32(at);

  function table(at: number): Table {
    if (--left < 0) throw new Damaged('its metadata repeats itself');
    const names = at - view.getInt32(within(at, 4), true);
    const size = uint16(within(names, uint16(names)));
    return {
      field(index) {
        const offset = 6 + 2 * index <= size ? uint16(names + 4 + 2 * index) : 0;
        return offset === 0 ? undefined : at + offset;
      },
    };
  }

  /** The places of the elements of a list. */
  function* elements(at: number | undefined, size: number): Generator<number> {
    if (at === undefined) return;
    const begin = indirect(at);
    const length = uint32(begin);
    within(begin + 4, length * size);
    for (let i = 0; i < length; i++) yield begin + 4 + i * size;
  }
  function* tables(at: number | undefined): Generator<Table> {
    for (const place of elements(at, 4)) yield table(indirect(place));
  }

  function checkField(field: Table): void {
    checkAll(field.field(0), 1);
    for (const child of tables(field.field(5))) checkField(child);
    checkPairs(field.field(6));
  }
  function checkAll(at: number | undefined, size: number): void {
    if (at !== undefined) elements(at, size).next();
  }
  function checkPairs(at: number | undefined): void {
    for (const pair of tables(at)) for (const text of [0, 1]) checkAll(pair.field(text), 1);
  }
  function checkRecords(records: Table): void {
    const most = 8 * body + 64;
    const lengthAt = records.field(0);
    if (lengthAt !== undefined) checkCount(int64(lengthAt), most);
    for (const node of elements(records.field(1), 16)) checkCount(int64(node), most);
    for (const buffer of elements(records.field(2), 16))
      checkCount(checkCount(int64(buffer), body) + int64(buffer + 8), body);
    checkAll(records.field(4), 8);
  }

  const message = table(indirect(0));
  const [kindAt, headerAt] = [message.field(1), message.field(2)];
  if (kindAt === undefined || headerAt === undefined) throw new Damaged('its metadata has no header');
  const header = table(indirect(headerAt));
  const kind = view.getUint8(within(kindAt, 1));
  checkPairs(message.field(4));
  if (kind === SCHEMA) {
    for (const field of tables(header.field(1))) checkField(field);
    checkPairs(header.field(2));
  } else if (kind === DICTIONARY) {
    const records = header.field(1);
    if (records !== undefined) checkRecords(table(indirect(records)));
  } else if (kind === RECORDS) checkRecords(header);
}

/** Checks that the lists and texts of a column lie in what it holds. @throws Damaged */
export function checkColumn({
  length,
  valueOffsets: offsets,
  values,
  children,
  type,
  dictionary,
}: Data): void {
  const { listSize, mode } = type as { listSize?: number; mode?: unknown };
  if (mode !== undefined) throw new Damaged('columns of unions are not read');
  if (offsets && length > 0) {
    const end =
      children.length > 0 ? children[0]!.length : ((values as Uint8Array | undefined)?.byteLength ?? 0);
    let last = 0;
    for (let i = 0; i <= length; i++) {
      const offset = Number(offsets[i]);
      if (!(offset >= last && offset <= end)) throw new Damaged('a list or text leads out of its column');
      last = offset;
    }
  } else if (!offsets || children.length === 0)
    for (const child of children) checkCount(length * (listSize ?? 1), child.length);
  for (const child of children) checkColumn(child);
  for (const data of dictionary?.data ?? []) checkColumn(data);
}

function checkCount(count: number, most: number): number {
  if (!Number.isSafeInteger(count) || count < 0 || count > most)
    throw new Damaged(`it states ${count}, where ${most} is the most`);
  return count;
}
