import { memoryBytes } from '@simvlm/bytes';
import { isSimVlmError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { openTorchFile } from '../src/torch/open-torch-file';
import { dictOf, op, ordered, pickle, tensor, torchFile, unicode, zipOf } from './torch-file';

const open = (file: Uint8Array) => openTorchFile(memoryBytes(file), 'pytorch_model.bin');

async function refusal(file: Uint8Array): Promise<string> {
  try {
    await open(file);
  } catch (error) {
    if (!isSimVlmError(error)) throw error;
    expect(error.code).toBe('WEIGHTS_INVALID');
    expect(error.message).toMatch(/^pytorch_model\.bin: .*safe_serialization=True/);
    return error.message;
  }
  throw new Error('it was opened');
}

/** Tuples of the tuple before, twice: as text the last has 2^100 parts. */
const doubled = [
  ...[0x4b, 1, op.put, 1],
  ...Array.from({ length: 100 }, () => [op.get, 1, op.get, 1, op.tuple2, op.put, 1]).flat(),
];
/** Lists in lists, more than a stack of calls has room for. */
const deep = [op.emptyTuple, ...new Array<number>(100_000).fill(op.tuple1)];

const weights = dictOf('layer.weight', tensor());

describe('a file of weights', () => {
  test('gives its tensors', async () => {
    const tensors = await open(torchFile(weights));
    expect([...tensors.keys()]).toEqual(['layer.weight']);
    expect(tensors.get('layer.weight')!.shape).toEqual([2, 2]);
    expect(await tensors.get('layer.weight')!.read()).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test('reads no number before it is asked for', async () => {
    const bytes = torchFile(weights);
    const source = memoryBytes(bytes);
    const reads: [number, number][] = [];
    const tensors = await openTorchFile(
      {
        ...source,
        read(begin, into) {
          reads.push([begin, begin + into.length]);
          return source.read(begin, into);
        },
      },
      'file',
    );
    const opened = reads.length;
    const part = new Float32Array(2);
    await tensors.get('layer.weight')!.readPart!(1, part);
    expect(part).toEqual(Float32Array.of(2, 3));
    const [begin, end] = reads[opened]!;
    expect(end - begin).toBe(8);
    for (const [from, to] of reads.slice(0, opened - 1))
      if (to < bytes.length) expect(to <= begin || from >= end).toBe(true);
  });

  test('may hold whole numbers, which cannot be read as weights', async () => {
    const tensors = await open(torchFile(dictOf('position_ids', tensor({ storage: 'LongStorage' }))));
    await expect(tensors.get('position_ids')!.read()).rejects.toThrow('"position_ids" is of LongStorage');
  });

  test('may hold numbers in another order, which are refused when they are asked for', async () => {
    const tensors = await open(torchFile(dictOf('a', tensor({ strides: [1, 2] }))));
    await expect(tensors.get('a')!.read()).rejects.toThrow('"a" do not stand in their order');
  });
});

describe('what holds more than weights is refused, and nothing of it is executed', () => {
  const call = (global: string, ...given: (number | string)[]) => [
    global,
    op.mark,
    ...given,
    op.tuple,
    op.reduce,
  ];
  test.each<[string, Uint8Array, RegExp]>([
    [
      'a shell command',
      pickle(...call('cposix\nsystem\n', ...unicode('touch owned')), op.stop),
      /calls for posix\.system, .*it holds code/,
    ],
    [
      'Python code',
      pickle(...call('cbuiltins\nexec\n', ...unicode('1')), op.stop),
      /calls for builtins\.exec/,
    ],
    [
      'such a call inside a dictionary',
      dictOf('weight', call('cos\nsystem\n', ...unicode('ls'))),
      /calls for os\.system/,
    ],
    [
      'a function named by the stack',
      pickle(0x8c, 2, 'os', 0x8c, 6, 'system', 0x93, op.emptyTuple, op.reduce, op.stop),
      /calls for os\.system/,
    ],
    [
      'a name that only begins like one of weights',
      pickle('ctorch\nFloatStorage.x\n', op.stop),
      /calls for torch\.FloatStorage\.x/,
    ],
    [
      'a class with a state',
      pickle(...unicode('a'), ...unicode('b'), op.build, op.stop),
      /gives a state to what is no dictionary/,
    ],
    ['an instance of a class', pickle(op.mark, 'ios\nsystem\n', op.stop), /instruction 0x69/],
    ['an extension', pickle(0x82, 1, op.stop), /instruction 0x82/],
    [
      'a storage that is called',
      pickle(...call('ctorch\nFloatStorage\n', ...unicode('x')), op.stop),
      /calls torch\.FloatStorage with what it does not take/,
    ],
    [
      'another object from outside',
      pickle(...unicode('file'), op.persistent, op.stop),
      /refers to something outside/,
    ],
    [
      'a training with its state inside',
      dictOf('state_dict', [...ordered]),
      /entry "state_dict" is no tensor/,
    ],
    [
      'a function whose name doubles a hundred times',
      pickle(...unicode('os'), ...doubled, op.stackGlobal, op.stop),
      /names a function by what is no text/,
    ],
    [
      'a module whose name is a deep list',
      pickle(...deep, ...unicode('system'), op.stackGlobal, op.stop),
      /names a function by what is no text/,
    ],
    [
      'an entry whose name doubles a hundred times',
      pickle(...ordered, op.mark, ...doubled, ...unicode('a'), op.setItems, op.stop),
      /an entry whose name is no text/,
    ],
    [
      'an entry whose name is a deep list',
      pickle(...ordered, op.mark, ...deep, ...tensor(), op.setItems, op.stop),
      /an entry whose name is no text/,
    ],
    [
      'a function with a long name',
      pickle(`cos\n${'x'.repeat(1e6)}\n`, op.stop),
      /calls for os\.x{97}, which/,
    ],
    ['no dictionary', pickle(...unicode('weights'), op.stop), /no dictionary of weights/],
  ])('%s', async (_, description, message) => {
    expect(await refusal(torchFile(description))).toMatch(message);
  });
});

describe('what is damaged or of another format', () => {
  const file = torchFile(weights);
  test.each<[string, Uint8Array, RegExp]>([
    [
      'the format from before PyTorch 1.6',
      pickle(0x8a, 10, 'l\u00fc'),
      /not a file that torch\.save wrote in the zip format/,
    ],
    ['an empty file', new Uint8Array(0), /not a file that torch\.save wrote/],
    ['a file that is cut off', file.subarray(0, file.length - 30), /not a file that torch\.save wrote/],
    [
      'a compressed member',
      zipOf(new Map([['archive/data.pkl', weights]]), 8),
      /member "archive\/data\.pkl" is compressed/,
    ],
    ['another zip file', zipOf(new Map([['notes.txt', weights]])), /without the data\.pkl/],
    ['a pickle that is cut off', torchFile(weights.subarray(0, 60)), /its pickle is cut off/],
    [
      'a pickle of millions of objects',
      torchFile(new Uint8Array(5e6).fill(op.dict)),
      /its data\.pkl has 5000000 bytes/,
    ],
    ['a pickle of nothing', torchFile(pickle(op.stop)), /a value is missing/],
    ['a reference to nothing', torchFile(pickle(0x68, 7, op.stop)), /refers to nothing/],
    [
      'numbers that are not there',
      zipOf(new Map([['archive/data.pkl', weights]])),
      /the numbers of "layer\.weight" are not there/,
    ],
    ['a tensor beyond its numbers', torchFile(dictOf('a', tensor({ offset: 1 }))), /"a" is cut off/],
    [
      'big-endian numbers',
      torchFile(weights, [['archive/byteorder', new TextEncoder().encode('big')]]),
      /not little-endian/,
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
  });
});
