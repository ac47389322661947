/**
 * A pickle is a program for a small stack machine, and Python's own reader calls any function that it names. This one knows the few
 * instructions that a file of weights has, and of functions the four below; it makes values and calls nothing.
 */
import { refusal } from './refusal';

/** A tensor as the pickle describes it: where its numbers are, is elsewhere. */
export class PickledTensor {
  constructor(
    readonly storage: PickledStorage,
    /** In numbers of the storage. */
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Numbers of one type in a member of the file. */
export class PickledStorage {
  constructor(
    /** Such as `FloatStorage`. */
    readonly type: string,
    readonly member: string,
  ) {}
}

/** A function or class that the pickle names. */
class Global {
  constructor(readonly name: string) {}
}

class PickledDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | Global
  | PickledDict
  | PickledStorage
  | PickledTensor;

const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

const REBUILD = 'torch._utils._rebuild_tensor_v2';
const ORDERED = 'collections.OrderedDict';
const STORAGE = /^torch\.((?:Float|Half|BFloat16|Double|Long|Int|Short|Char|Byte|Bool)Storage)$/;

/**
 * The names and values of the one dictionary that a pickle of weights makes.
 *
 * @param where names the file in messages
 * @throws CheckpointError for an instruction or a function that weights do not need, by name, and for what is damaged
 */
export function unpickle(bytes: Uint8Array, where: string): ReadonlyMap<PickleValue, PickleValue> {
  const value = new Machine(bytes, where).run();
  if (!(value instanceof PickledDict)) throw refusal(where, 'it holds no dictionary of weights');
  return value.entries;
}

class Machine {
  readonly #view: DataView;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly where: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (;;) {
      const code = this.bytes[this.#skip(1)]!;
      if (code === 0x2e) return this.#pop(); // STOP
      this.#step(code);
    }
  }

  /** One instruction, by its number in Python's pickletools. */
  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        this.#skip(1);
        return;
      case 0x95: // FRAME
        this.#skip(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new PickledDict());
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        return;
      case 0x4b: // BININT1
        stack.push(this.bytes[this.#skip(1)]!);
        return;
      case 0x4d: // BININT2
        stack.push(this.#view.getUint16(this.#skip(2), true));
        return;
      case 0x4a: // BININT
        stack.push(this.#view.getInt32(this.#skip(4), true));
        return;
      case 0x8a: // LONG1
        stack.push(this.#long());
        return;
      case 0x47: // BINFLOAT
        stack.push(this.#view.getFloat64(this.#skip(8)));
        return;
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#view.getUint32(this.#skip(4), true)));
        return;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#text(this.bytes[this.#skip(1)]!));
        return;
      case 0x63: // GLOBAL
        stack.push(this.#global(this.#line(), this.#line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        // Making text of what is none could take forever: lists may hold each other many times over.
        if (typeof module !== 'string' || typeof name !== 'string')
          throw this.#refuse('names a function by what is no text');
        stack.push(this.#global(module, name));
        return;
      }
      case 0x71: // BINPUT
        this.#memo.set(this.bytes[this.#skip(1)]!, this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#view.getUint32(this.#skip(4), true), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x68: // BINGET
        stack.push(this.#remembered(this.bytes[this.#skip(1)]!));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.#remembered(this.#view.getUint32(this.#skip(4), true)));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(Array.from({ length: code - 0x84 }, () => this.#pop()).reverse());
        return;
      case 0x74: // TUPLE
        stack.push(this.#sinceMark());
        return;
      case 0x61: // APPEND
      case 0x65: // APPENDS
        this.#append(code === 0x61 ? [this.#pop()] : this.#sinceMark());
        return;
      case 0x73: // SETITEM
      case 0x75: // SETITEMS
        this.#set(code === 0x73 ? [this.#pop(), this.#pop()].reverse() : this.#sinceMark());
        return;
      case 0x51: // BINPERSID
        stack.push(this.#storage(this.#pop()));
        return;
      case 0x52: // REDUCE
        this.#reduce();
        return;
      case 0x62: // BUILD
        this.#build();
        return;
      default:
        throw this.#refuse(`has the instruction 0x${code.toString(16)}, which weights do not need`);
    }
  }

  #global(module: string, name: string): Global {
    const full = `${module}.${name}`;
    if (full !== REBUILD && full !== ORDERED && !STORAGE.test(full))
      throw this.#refuse(`calls for ${full.slice(0, 100)}, which weights do not need: it holds code`);
    return new Global(full);
  }

  /** A call. */
  #reduce(): void {
    const given = this.#pop();
    const called = this.#pop();
    if (!(called instanceof Global) || !Array.isArray(given)) throw this.#refuse('calls what is no function');
    if (called.name === ORDERED && given.length === 0) this.#stack.push(new PickledDict());
    else if (called.name === REBUILD) this.#stack.push(this.#tensor(given));
    else throw this.#refuse(`calls ${called.name} with what it does not take`);
  }

  #tensor([storage, offset, shape, strides]: readonly PickleValue[]): PickledTensor {
    if (!(storage instanceof PickledStorage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides))
      throw this.#refuse('describes a tensor without storage, offset, size and stride');
    if (shape.length !== strides.length)
      throw this.#refuse('describes a tensor whose strides are not those of its size');
    return new PickledTensor(storage, offset, shape, strides);
  }

  #storage(id: PickleValue): PickledStorage {
    const [kind, type, member] = Array.isArray(id) ? id : [];
    const name = type instanceof Global ? STORAGE.exec(type.name)?.[1] : undefined;
    if (kind !== 'storage' || name === undefined || typeof member !== 'string')
      throw this.#refuse('refers to something outside that is no storage of numbers');
    return new PickledStorage(name, member);
  }

  /** What an object is besides its entries, such as the versions of its layers, is no weight. */
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof PickledDict)) throw this.#refuse('gives a state to what is no dictionary');
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#refuse('appends to what is no list');
    for (const value of values) list.push(value);
  }

  #set(values: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickledDict) || values.length % 2 !== 0)
      throw this.#refuse('sets entries of what is no dictionary');
    for (let i = 0; i < values.length; i += 2) dict.entries.set(values[i]!, values[i + 1]!);
  }

  #sinceMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#refuse('is damaged: a mark is missing');
    const values = this.#stack.splice(mark) as PickleValue[];
    values.shift();
    return values;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw this.#refuse('is damaged: a value is missing');
    return value;
  }

  #remembered(key: number): PickleValue {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#refuse('is damaged: it refers to nothing');
    return value;
  }

  #long(): number {
    const length = this.bytes[this.#skip(1)]!;
    const begin = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[begin + i]!);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #text(length: number): string {
    const begin = this.#skip(length);
    return new TextDecoder().decode(this.bytes.subarray(begin, begin + length));
  }

  #line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#refuse('is cut off');
    const text = this.#text(end - this.#at);
    this.#skip(1);
    return text;
  }

  /** Goes on by so many bytes, and gives where they begin. */
  #skip(count: number): number {
    const begin = this.#at;
    if (begin + count > this.bytes.length) throw this.#refuse('is cut off');
    this.#at += count;
    return begin;
  }

  #refuse(what: string) {
    return refusal(this.where, `its pickle ${what}`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
