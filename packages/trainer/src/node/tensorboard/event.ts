/** Messages of TensorBoard, as protocol buffers (tensorboard/compat/proto/event.proto and summary.proto). */

/** What happened, with the number of its field in `Event`. */
export type EventContent =
  | { readonly fileVersion: string }
  | { readonly scalars: Readonly<Record<string, number>> }
  /** A session begins here: a reader forgets what it has read of this step and later ones. */
  | { readonly start: true };

const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 };
const SUMMARY = { value: 1, tag: 1, simpleValue: 2 };
const SESSION_LOG = { status: 1, start: 1 };

/** One `Event`. @param wallTime seconds since 1970 */
export function event(wallTime: number, step: number, content: EventContent): Uint8Array {
  const head = [double(EVENT.wallTime, wallTime), integer(EVENT.step, step)];
  if ('fileVersion' in content) return join([...head, text(EVENT.fileVersion, content.fileVersion)]);
  if ('start' in content)
    return join([...head, message(EVENT.sessionLog, integer(SESSION_LOG.status, SESSION_LOG.start))]);
  const values = Object.entries(content.scalars).map(([tag, value]) =>
    message(SUMMARY.value, join([text(SUMMARY.tag, tag), float(SUMMARY.simpleValue, value)])),
  );
  return join([...head, message(EVENT.summary, join(values))]);
}

/** What follows the number of a field: a varint, 8 bytes, bytes with their length, 4 bytes. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

function key(field: number, wire: number): Uint8Array {
  return varint((field << 3) | wire);
}

/** @param value an integer from 0 to 2⁵³ − 1 */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function integer(field: number, value: number): Uint8Array {
  return join([key(field, WIRE.varint), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return join([key(field, WIRE.fixed64), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([key(field, WIRE.fixed32), bytes]);
}

function message(field: number, bytes: Uint8Array): Uint8Array {
  return join([key(field, WIRE.bytes), varint(bytes.length), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]));
}
