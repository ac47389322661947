import type { ByteSource } from '@simvlm/bytes';
import { DataError, isSimVlmError, joinedBytes } from '@simvlm/core';
import type { Message } from 'apache-arrow';
import { checkColumn, checkMessage } from './arrow-check';
import type { Cells } from './cells';

/** A batch of rows in an Arrow file, which is read when it is asked for. */
export interface ArrowBatch {
  /** Where it begins in the file. */
  readonly at: number;
  rows(): Promise<Rows>;
}

/** Rows that are made one by one. */
interface Rows {
  /** Of the columns. */
  readonly names: readonly string[];
  readonly count: number;
  row(index: number): Cells;
}

/** A batch is read whole; more than this fits no buffer. */
const MOST_BYTES = 2 ** 31 - 1;
/** The metadata of a message, at most: more is an attack. */
const MOST_METADATA = 16 * 2 ** 20;

/** A message of no bytes. */
const END_MARK = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

type Arrow = typeof import('apache-arrow');

/**
 * The batches of an Arrow file, in the stream format (as `save_to_disk` writes it) or the file format. Only the metadata of messages is read until
 * a batch's rows are asked for.
 *
 * @param name for messages
 * @throws DataError that names file and byte when the file is cut off or damaged
 */
export async function* arrowBatches(source: ByteSource, name: string): AsyncGenerator<ArrowBatch> {
  // Only who reads Arrow loads what reads it.
  const arrow = await import('apache-arrow');
  const before: Uint8Array[] = [];
  for (let at = await streamBegin(source); ; ) {
    const found = await messageAt(arrow, source, at, name);
    if (!found) return;
    const { message, begin, end } = found;
    const bytes = () => part(source, begin, end);
    // Every batch needs the schema, and the dictionaries so far.
    if (message.isSchema() || message.isDictionaryBatch()) before.push(await bytes());
    else if (message.isRecordBatch()) {
      const context = [...before];
      yield {
        at,
        rows: async () => {
          const batch = tableOf(arrow, [...context, await bytes()], `${name}: byte ${begin}`);
          const row = (index: number) => plain(arrow, batch.get(index)) as Cells;
          return {
            names: batch.schema.fields.map(field => String(field.name)),
            count: batch.numRows,
            row: index => readable(`${name}: byte ${begin}`, () => row(index)),
          };
        },
      };
    }
    at = end;
  }
}

/** Where the messages begin: the file format has eight bytes before them. */
async function streamBegin(source: ByteSource): Promise<number> {
  const first = await part(source, 0, Math.min(8, source.size));
  return new TextDecoder().decode(first.subarray(0, 6)) === 'ARROW1' ? 8 : 0;
}

interface Found {
  readonly message: Message;
  readonly begin: number;
  readonly end: number;
}

/** The message at a place; undefined at the end of the stream. */
async function messageAt(
  arrow: Arrow,
  source: ByteSource,
  at: number,
  name: string,
): Promise<Found | undefined> {
  const where = `${name}: byte ${at}`;
  const room = source.size - at;
  if (room < 8) throw cut(where, 'without its end mark');
  const view = new DataView((await part(source, at, at + 8)).buffer);
  // Before version 0.15 the length stood first.
  const prefix = view.getInt32(0, true) === -1 ? 8 : 4;
  const length = view.getInt32(prefix - 4, true);
  if (length === 0) return undefined;
  if (length < 0 || length > MOST_METADATA)
    throw new DataError('DATA_INVALID', `${where}: no message of Arrow; is the file of this format?`);
  if (prefix + length > room) throw cut(where, 'in the metadata of a message');
  const metadata = await part(source, at + prefix, at + prefix + length);
  const message = readable(where, () => {
    checkMessage(metadata, room - prefix - length);
    return arrow.Message.decode(metadata);
  });
  const body = message.bodyLength;
  if (!Number.isSafeInteger(body) || body < 0)
    throw new DataError('DATA_INVALID', `${where}: a batch of ${body} bytes; fetch the file again`);
  if (prefix + length + body > room)
    throw cut(where, `in a batch, of which ${room - prefix - length} of ${body} bytes are there`);
  if (body > MOST_BYTES)
    throw new DataError('DATA_INVALID', `${where}: a batch of ${body} bytes; write batches of fewer rows`);
  return { message, begin: at, end: at + prefix + length + body };
}

function tableOf(arrow: Arrow, messages: readonly Uint8Array[], where: string) {
  const stream = joinedBytes([...messages, END_MARK]);
  return readable(where, () => {
    const table = arrow.tableFromIPC(stream);
    for (const { data } of table.batches) checkColumn(data);
    return table;
  });
}

/** A value as plain objects and lists. */
function plain(arrow: Arrow, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date)
    return value;
  if (value instanceof arrow.Vector)
    return Array.from(value as Iterable<unknown>, item => plain(arrow, item));
  if (value instanceof arrow.StructRow || value instanceof arrow.MapRow)
    return Object.fromEntries(
      [...(value as Iterable<[unknown, unknown]>)].map(([name, item]) => [String(name), plain(arrow, item)]),
    );
  return value;
}

async function part(source: ByteSource, begin: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  await source.read(begin, bytes);
  return bytes;
}

/** The library throws all kinds of errors at damaged files. */
function readable<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    throw new DataError('DATA_INVALID', `${where}: cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function cut(where: string, how: string): DataError {
  return new DataError('DATA_INVALID', `${where}: the file ends ${how}; fetch it again`);
}
