/** Files as `torch.save` makes them, for tests: a zip whose members are stored, and pickles byte by byte. */

const text = (value: string) => new TextEncoder().encode(value);

/** A zip file of stored members. */
export function zipOf(members: ReadonlyMap<string, Uint8Array>, method = 0): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of members) {
    const local = record(
      30,
      { 0: 0x04034b50, 18: bytes.length, 22: bytes.length },
      { 8: method, 26: name.length },
    );
    parts.push(local, text(name), bytes);
    directory.push(
      record(
        46,
        { 0: 0x02014b50, 20: bytes.length, 24: bytes.length, 42: at },
        { 10: method, 28: name.length },
      ),
      text(name),
    );
    at += local.length + name.length + bytes.length;
  }
  const list = joined(directory);
  const end = record(22, { 0: 0x06054b50, 12: list.length, 16: at }, { 8: members.size, 10: members.size });
  return joined([...parts, list, end]);
}

function record(size: number, words: Record<number, number>, halves: Record<number, number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  for (const [place, value] of Object.entries(words)) view.setUint32(Number(place), value, true);
  for (const [place, value] of Object.entries(halves)) view.setUint16(Number(place), value, true);
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Instructions of a pickle: numbers are bytes, strings are those of a GLOBAL or of anything else that is plain text. */
export function pickle(...parts: readonly (number | string)[]): Uint8Array {
  return joined([
    Uint8Array.of(0x80, 2),
    ...parts.map(part => (typeof part === 'number' ? Uint8Array.of(part) : text(part))),
  ]);
}

/** A text as an instruction. */
export function unicode(value: string): (number | string)[] {
  return [0x58, value.length, 0, 0, 0, value];
}

export const op = {
  mark: 0x28,
  dict: 0x7d,
  tuple: 0x74,
  tuple1: 0x85,
  tuple2: 0x86,
  put: 0x71,
  get: 0x68,
  stackGlobal: 0x93,
  emptyTuple: 0x29,
  setItems: 0x75,
  reduce: 0x52,
  build: 0x62,
  persistent: 0x51,
  stop: 0x2e,
  false: 0x89,
} as const;

export const ordered = ['ccollections\nOrderedDict\n', op.emptyTuple, op.reduce];

/** What makes a tensor `[2, 2]` of member `0`, from number `offset` on. */
export function tensor({ storage = 'FloatStorage', offset = 0, strides = [2, 1] } = {}): (number | string)[] {
  const whole = (value: number) => [0x4b, value];
  return [
    'ctorch._utils\n_rebuild_tensor_v2\n',
    ...[
      op.mark,
      op.mark,
      ...unicode('storage'),
      `ctorch\n${storage}\n`,
      ...unicode('0'),
      ...unicode('cpu'),
      ...whole(4),
      op.tuple,
    ],
    ...[op.persistent, ...whole(offset), op.mark, ...whole(2), ...whole(2), op.tuple],
    ...[op.mark, ...strides.flatMap(whole), op.tuple, op.false, ...ordered, op.tuple, op.reduce],
  ];
}

/** A dictionary with one entry. */
export function dictOf(name: string, value: readonly (number | string)[]): Uint8Array {
  return pickle(...ordered, op.mark, ...unicode(name), ...value, op.setItems, op.stop);
}

/** The file of such a pickle, with the four numbers 1 to 4. */
export function torchFile(description: Uint8Array, more: [string, Uint8Array][] = []): Uint8Array {
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return zipOf(new Map([['archive/data.pkl', description], ['archive/data/0', numbers], ...more]));
}
