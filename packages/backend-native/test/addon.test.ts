import { setImmediate } from 'node:timers/promises';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type Argument,
  type Handle,
  type NativeAddon,
  type ScalarType,
  scalarType,
} from '../src/addon/interface';
import { loadAddon } from '../src/addon/load';
import { describeNative } from './libtorch';

const CPU = -1;

describeNative('the addon', () => {
  let addon: NativeAddon;
  let handlesBefore: number;

  beforeAll(async () => {
    addon = await loadAddon();
  }, 300_000);

  beforeEach(() => {
    handlesBefore = addon.memory().handles;
    return () => expect(addon.memory().handles, 'handles that a test left').toBe(handlesBefore);
  });

  const call = (name: string, ...args: Argument[]) => {
    const [base, overload = ''] = name.split('.');
    return addon.call(addon.operator(`aten::${base}`, overload), args);
  };
  const floats = (numbers: number[], shape = [numbers.length]) =>
    addon.create(new Float32Array(numbers), shape, scalarType.float32, CPU);
  const numbers = (tensor: Handle) => [...new Float32Array(addon.readSync(tensor))];
  /** Reads and frees. */
  const take = (tensor: unknown) => {
    const values = numbers(tensor as Handle);
    addon.free(tensor as Handle);
    return values;
  };
  const failure = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error as Error & { code: string; requested?: number };
    }
    throw new Error('nothing was thrown');
  };

  test('says what it is', () => {
    expect(addon.torchVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(typeof addon.builtWithCuda).toBe('boolean');
    const { capability, blas, oneDnn } = addon.cpuInfo();
    expect(addon.cpuInfo().threads).toBe(addon.threads());
    expect(capability).toMatch(/^[A-Z][A-Z0-9 ]+$/);
    expect(blas).toMatch(/^(|MKL [\d.]+|OpenBLAS for \w+( on (OpenMP|POSIX threads))?)$/);
    expect(oneDnn).toMatch(/^(|\d+\.\d+[\d.]*)$/);
    if (!addon.builtWithCuda) expect(addon.cudaDevices()).toEqual([]);
  });

  test('threads can be set', () => {
    const before = addon.threads();
    addon.setThreads(2);
    expect(addon.threads()).toBe(2);
    addon.setThreads(before);
    expect(failure(() => addon.setThreads(0)).message).toBe('threads must be a whole number ≥ 1');
  });

  test('oneDNN can be switched off and on', () => {
    addon.setOneDnn(false);
    addon.setOneDnn(true);
    expect(failure(() => addon.setOneDnn(1 as never)).message).toBe('setOneDnn(enabled) takes a boolean');
  });

  const dtypes: [name: string, dtype: ScalarType, data: ArrayBufferView, shape: number[]][] = [
    ['uint8', scalarType.uint8, new Uint8Array([0, 1, 255]), [3]],
    ['int32', scalarType.int32, new Int32Array([-(2 ** 31), 0, 2 ** 31 - 1, 7]), [2, 2]],
    ['int64', scalarType.int64, new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]), [2, 1]],
    ['float32', scalarType.float32, new Float32Array([1.5, -0, Number.NaN, Number.POSITIVE_INFINITY]), [4]],
    ['float64', scalarType.float64, new Float64Array([Math.PI, -1e300]), [1, 2]],
    ['complex64', scalarType.complex64, new Float32Array([1, 2, 3, -4]), [2]],
    ['bool', scalarType.bool, new Uint8Array([0, 1, 1]), [3]],
    ['bfloat16', scalarType.bfloat16, new Uint16Array([0x3f80, 0xc000]), [2]],
    ['a scalar', scalarType.float32, new Float32Array([3]), []],
    ['nothing', scalarType.float32, new Float32Array(0), [0, 5]],
  ];
  test.each(dtypes)('%s goes in and comes out as it was', async (_, dtype, data, shape) => {
    const tensor = addon.create(data, shape, dtype, CPU);
    const bytes = [...new Uint8Array(data.buffer)];
    expect([addon.shape(tensor), addon.dtype(tensor), addon.device(tensor)]).toEqual([shape, dtype, CPU]);
    expect([...new Uint8Array(addon.readSync(tensor))]).toEqual(bytes);
    expect([...new Uint8Array(await addon.read(tensor))]).toEqual(bytes);
    addon.free(tensor);
  });

  test('a view of a larger buffer gives only its part, and is copied', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const tensor = addon.create(data.subarray(1, 3), [2], scalarType.float32, CPU);
    data.fill(0);
    expect(take(tensor)).toEqual([2, 3]);
  });

  test('any byte but 0 is true', () => {
    const tensor = addon.create(new Uint8Array([0, 2, 255]), [3], scalarType.bool, CPU);
    expect([...new Uint8Array(addon.readSync(tensor))]).toEqual([0, 1, 1]);
    addon.free(tensor);
  });

  test('data that does not fill the shape is refused, whatever the shape', () => {
    const create = (shape: number[]) => () =>
      addon.create(new Float32Array(3), shape, scalarType.float32, CPU);
    expect(failure(create([2, 2])).message).toBe('the data has 12 bytes, the tensor 16');
    expect(failure(create([2 ** 40, 2 ** 40])).message).toMatch(/^the data has 12 bytes/);
    expect(failure(create([-1])).message).toBe(
      'a shape must be an array of sizes; element 0 is the number -1',
    );
  });

  test('a transposed tensor is read row by row', () => {
    const tensor = floats([1, 2, 3, 4, 5, 6], [2, 3]);
    const turned = call('transpose.int', tensor, 0, 1) as Handle;
    expect(addon.shape(turned)).toEqual([3, 2]);
    addon.free(tensor);
    expect(take(turned)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('a conjugate that ATen put off is done when it is read', () => {
    const tensor = addon.create(new Float32Array([1, 2]), [1], scalarType.complex64, CPU);
    const conjugate = call('conj', tensor);
    addon.free(tensor);
    expect(take(conjugate)).toEqual([1, -2]);
  });

  test('write changes a tensor in place, also through a view', () => {
    const tensor = floats([1, 2, 3, 4], [2, 2]);
    const turned = call('transpose.int', tensor, 0, 1) as Handle;
    addon.write(turned, new Float32Array([5, 6, 7, 8]));
    expect(numbers(tensor)).toEqual([5, 7, 6, 8]);
    expect(failure(() => addon.write(tensor, new Float32Array(3))).message).toBe(
      'the data has 12 bytes, the tensor 16',
    );
    addon.free(turned);
    addon.free(tensor);
  });

  test('a schema says its defaults, and undefined or a missing argument takes them', () => {
    const a = floats([1, 2]);
    expect(addon.schema(addon.operator('aten::add', 'Tensor'))).toBe(
      'aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor',
    );
    expect(take(call('add.Tensor', a, a))).toEqual([2, 4]);
    expect(take(call('add.Tensor', a, a, undefined))).toEqual([2, 4]);
    expect(take(call('add.Tensor', a, a, 0.5))).toEqual([1.5, 3]);
    addon.free(a);
  });

  test('an operator that this libtorch lacks has the id −1; one that it has keeps its id', () => {
    expect(addon.operator('aten::no_such_operator', '')).toBe(-1);
    expect(addon.operator('aten::add', 'no_such_overload')).toBe(-1);
    expect(addon.operator('aten::relu', '')).toBe(addon.operator('aten::relu', ''));
    expect(failure(() => addon.call(-1, [])).message).toBe('no such operator');
  });

  test('whole numbers keep int32 an int32, others and −0 are floats', () => {
    const ints = addon.create(new Int32Array([4]), [1], scalarType.int32, CPU);
    const dtypeOf = (tensor: unknown) => {
      const dtype = addon.dtype(tensor as Handle);
      addon.free(tensor as Handle);
      return dtype;
    };
    expect(dtypeOf(call('add.Scalar', ints, 1))).toBe(scalarType.int32);
    expect(dtypeOf(call('add.Scalar', ints, 1.5))).toBe(scalarType.float32);
    expect(dtypeOf(call('add.Scalar', ints, -0))).toBe(scalarType.float32);
    addon.free(ints);
  });

  test('optional tensors, lists of tensors and of optional tensors', () => {
    const x = floats([1, 2, 3, 4], [2, 2]);
    const bias = floats([10, 20]);
    expect(take(call('linear', x, x, null))).toEqual([5, 11, 11, 25]);
    expect(take(call('linear', x, x, bias))).toEqual([15, 31, 21, 45]);
    expect(take(call('cat', [x, x], 1))).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
    const rows = addon.create(new BigInt64Array([1n]), [1], scalarType.int64, CPU);
    expect(take(call('index.Tensor', x, [null, rows]))).toEqual([2, 4]);
    for (const tensor of [x, bias, rows]) addon.free(tensor);
  });

  test('several results come in an array, undefined ones as null, lists as arrays', () => {
    const x = floats([3, 1, 2]);
    const [values, places] = call('sort', x, 0, true) as Handle[];
    expect(take(values)).toEqual([3, 2, 1]);
    expect([...new BigInt64Array(addon.readSync(places!))]).toEqual([0n, 2n, 1n]);
    addon.free(places!);

    const parts = call('split.Tensor', x, 2, 0) as Handle[];
    expect(parts.map(take)).toEqual([[3, 1], [2]]);
    expect(call('is_same_size', x, x)).toBe(true);
    expect(call('_local_scalar_dense', x === 0 ? x : (parts[0] = floats([2.5])))).toBe(2.5);
    addon.free(parts[0]!);

    const image = floats(new Array(16).fill(1), [1, 1, 4, 4]);
    const kernel = floats([1, 1, 1, 1], [1, 1, 2, 2]);
    const gradient = floats(new Array(9).fill(1), [1, 1, 3, 3]);
    const settings = [null, [1], [0, 0], [1, 1], false, [0, 0], 1, [false, true, false]] as Argument[];
    const results = call('convolution_backward', gradient, image, kernel, ...settings) as (Handle | null)[];
    expect([results[0], results[2]]).toEqual([null, null]);
    expect(take(results[1])).toEqual([9, 9, 9, 9]);
    for (const tensor of [x, image, kernel, gradient]) addon.free(tensor);
  });

  test('operators in place change the tensor and return another handle to it', () => {
    const x = floats([1, 2]);
    const before = addon.memory().bytes;
    const same = call('add_.Scalar', x, 1) as Handle;
    expect(same).not.toBe(x);
    expect(addon.memory().bytes).toBe(before);
    addon.free(same);
    const source = floats([7, 8]);
    addon.free(call('copy_', x, source, false) as Handle);
    expect(numbers(x)).toEqual([7, 8]);
    const place = addon.create(new BigInt64Array([1n]), [1], scalarType.int64, CPU);
    const value = floats([9]);
    addon.free(call('index_put_', x, [place], value, false) as Handle);
    expect(take(x)).toEqual([7, 9]);
    for (const tensor of [source, place, value]) addon.free(tensor);
  });

  test('a wrong argument is named with its position, its name and the operator', () => {
    const x = floats([1]);
    const message = (name: string, ...args: Argument[]) => {
      const error = failure(() => call(name, ...args));
      expect(error.code).toBe('ATEN');
      return error.message;
    };
    expect(message('add.Tensor', x)).toBe('argument 2 (other) of aten::add.Tensor is missing');
    expect(message('add.Tensor', x, 'y')).toBe(
      "argument 2 (other) of aten::add.Tensor must be a tensor's handle, got a string",
    );
    expect(message('add.Tensor', x, x, 1, 1)).toBe('aten::add.Tensor takes 3 arguments, got 4');
    expect(message('linear', x, x, 99)).toBe(
      'argument 3 (bias) of aten::linear must be the handle of a living tensor or null, got the number 99',
    );
    expect(message('sum.dim_IntList', x, [0.5])).toBe(
      'argument 2 (dim) of aten::sum.dim_IntList must be an array, each a whole number; element 0 is the number 0.5',
    );
    expect(message('mean', x, 2.5)).toBe(
      'argument 2 (dtype) of aten::mean must be a whole number or null, got the number 2.5',
    );
    addon.free(x);
  });

  test('ATen’s complaint comes in one line, and the next call works', () => {
    const x = floats([1, 2]);
    const error = failure(() => call('mm', x, x));
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toMatch(/matrix/);
    expect(error.message).not.toContain('\n');
    expect(take(call('add.Tensor', x, x))).toEqual([2, 4]);
    addon.free(x);
  });

  test('a freed handle is an error and never becomes another tensor', () => {
    const stale = floats([1]);
    addon.free(stale);
    const next = floats([2]);
    expect(next).not.toBe(stale);
    const alive = floats([3]);
    for (const use of [
      () => addon.readSync(stale),
      () => addon.shape(stale),
      () => addon.free(stale),
      () => addon.alias(stale),
      () => call('relu', stale),
      () => addon.shape(0),
      () => addon.shape(alive + 0.5),
      () => addon.shape(Number.NaN),
      () => addon.shape(-1),
      () => addon.shape(2 ** 60),
    ])
      expect(failure(use).message).toMatch(/living tensor/);
    addon.free(next);
    addon.free(alive);
  });

  test('an alias keeps the tensor alive and shares its bytes', () => {
    const before = addon.memory();
    const x = floats(new Array(256).fill(1));
    const other = addon.alias(x);
    expect(addon.memory()).toMatchObject({ handles: before.handles + 2, bytes: before.bytes + 1024 });
    addon.free(x);
    expect(numbers(other)[255]).toBe(1);
    addon.free(other);
    expect(addon.memory()).toMatchObject({ handles: before.handles, bytes: before.bytes });
  });

  const empty = (...shape: number[]) => call('empty.memory_format', shape);

  test('out of memory is an error with a code and the bytes, and the process goes on', () => {
    const huge = failure(() => empty(2 ** 40));
    expect(huge).toMatchObject({ code: 'OUT_OF_MEMORY', requested: 4 * 2 ** 40 });
    expect(failure(() => empty(2 ** 33, 2 ** 32)).code).toBe('OUT_OF_MEMORY');
    expect(failure(() => empty(2 ** 46)).code).toBe('OUT_OF_MEMORY');
    const small = empty(2) as Handle;
    expect(addon.shape(small)).toEqual([2]);
    addon.free(small);
  });

  test('memory that only adds up to too much is refused before Linux kills the process', () => {
    // Linux gives all of these, as nobody writes into them: the addon counts what it promised.
    const tensors: Handle[] = [];
    const fill = () => {
      for (let i = 0; i < 4096; i++) tensors.push(empty(2 ** 30) as Handle);
    };
    const error = failure(fill);
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', requested: 4 * 2 ** 30 });
    for (const tensor of tensors) addon.free(tensor);
    addon.emptyCache();
  });

  test('many small calls are quick', () => {
    const x = floats([1, 2, 3, 4], [2, 2]);
    const add = addon.operator('aten::add', 'Tensor');
    const begin = process.cpuUsage();
    for (let i = 0; i < 100_000; i++) addon.free(addon.call(add, [x, x]) as Handle);
    const { user, system } = process.cpuUsage(begin);
    // Measured 0.09 s; more than ten times that means that a call has become something else.
    expect((user + system) / 1e6).toBeLessThan(2);
    addon.free(x);
  });

  test('V8 hears of the memory outside its heap and collects what was forgotten', async () => {
    const alive = new Set<Handle>();
    const free = (handle: Handle) => {
      if (alive.delete(handle)) addon.free(handle);
    };
    const registry = new FinalizationRegistry(free);
    let made = 0;
    // To V8 each is a tiny object; only that 64 MiB hang on it gives it a reason to collect.
    for (; made < 200 && alive.size === made; made++) {
      const handle = empty(2 ** 24) as Handle;
      alive.add(handle);
      registry.register({}, handle);
      addon.memory(); // tells V8
      await setImmediate();
    }
    expect(alive.size).toBeLessThan(made);
    for (const handle of [...alive]) free(handle);
  });

  test('the same seed gives the same numbers', () => {
    const draw = () => {
      addon.seed(7);
      return take(call('randn', [4], scalarType.float32));
    };
    expect(draw()).toEqual(draw());
  });

  test('a recording runs again on what its tensors hold then, one at a time', () => {
    const x = addon.create(Float32Array.of(1, 2), [2], scalarType.float32, CPU);
    const graph = addon.graphBegin(CPU);
    expect(failure(() => addon.graphBegin(CPU)).message).toBe('another graph is being recorded');
    const parts = call('split.Tensor', x, 1, 0) as unknown as Handle[];
    const joined = call('cat', [parts[1]!, x, parts[0]!], 0) as Handle;
    const y = call('mul.Scalar', joined, 10) as Handle;
    for (const handle of [...parts, joined]) addon.free(handle);
    addon.graphEnd(graph);
    expect(numbers(y)).toEqual([20, 10, 20, 10]);
    addon.write(x, Float32Array.of(3, 4));
    addon.graphReplay(graph);
    expect(numbers(y)).toEqual([40, 30, 40, 30]);
    const { handles } = addon.memory();
    addon.graphReplay(graph);
    expect(addon.memory().handles).toBe(handles);
    // The recording keeps what it reads; its output may be gone.
    addon.free(x);
    addon.free(y);
    addon.graphReplay(graph);
    addon.graphFree(graph);
    expect(failure(() => addon.graphReplay(graph)).message).toBe('no such graph');
  });

  test('without a CUDA device a device, a graph and a copy to it are errors', () => {
    if (addon.cudaDevices().length > 0) return;
    expect(failure(() => addon.graphBegin(0)).code).toBe('CUDA');
    expect(failure(() => addon.graphReplay(1e6)).message).toBe('no such graph');
    expect(failure(() => addon.create(new Float32Array(1), [1], scalarType.float32, 0)).code).toBe('CUDA');
    expect(failure(() => addon.synchronize(0)).code).toBe('CUDA');
    addon.synchronize(CPU);
  });
});
