import { memoryBytes } from '@simvlm/bytes';
import { ParameterTree } from '@simvlm/core';
import { expect, test } from 'vitest';
import {
  openSafetensors,
  parameterSources,
  readAll,
  readSafetensors,
  restoreParameters,
  storedShape,
  tensorFiles,
  writeSafetensors,
} from '../src/index';

const bytes = { shape: [2, 4], values: Float32Array.of(-128, -1, 0, 127, 1, 2, 3, -4), dtype: 'I8' } as const;
const numbers = { shape: [2], values: Float32Array.of(0.1, 70_000) };

test('bytes are written as I8 beside numbers of another type, and read as numbers with a sign', () => {
  const file = writeSafetensors([
    ['q', bytes],
    ['q.scale', numbers],
  ]);
  const text = new TextDecoder().decode(file);
  expect(text).toContain('"q":{"dtype":"I8","shape":[2,4],"data_offsets":[0,8]}');
  expect(text).toContain('"q.scale":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}');
  const { tensors } = readSafetensors(file);
  expect(tensors.get('q')).toEqual(bytes);
  expect(tensors.get('q.scale')).toEqual(numbers);
});

test('a stream of shards writes the same bytes, and a part of a tensor can be read', async () => {
  const source = { ...bytes, read: async () => bytes.values };
  const [, content] = tensorFiles('weights', [['q', source]], { dtype: 'F16' })[0]!;
  if (content instanceof Uint8Array) throw new Error('a stream was expected');
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.chunks()) chunks.push(chunk.slice());
  const file = Uint8Array.from(chunks.flatMap(chunk => [...chunk]));
  expect(file.length).toBe(content.size);
  const set = await openSafetensors(memoryBytes(file));
  const part = new Float32Array(3);
  await set.tensors.get('q')!.readPart!(2, part);
  expect([...part]).toEqual([0, 127, 1]);
  expect((await readAll(set)).get('q')).toEqual(bytes);
});

test('a parameter of int32 words is stored as its bytes', async () => {
  const words = Int32Array.of(0x7f00ff80, 0x01020304);
  const parameter = { shape: [2, 1], dtype: 'int32', data: async () => words };
  expect(storedShape(parameter)).toEqual([2, 4]);
  const params = new ParameterTree<typeof parameter>().add('q', parameter);
  const stored = parameterSources(params, () => undefined);
  const [name, source] = stored[0]!;
  expect([name, source.shape, source.dtype]).toEqual(['q', [2, 4], 'I8']);
  expect([...(await source.read())]).toEqual([-128, -1, 0, 127, 4, 3, 2, 1]);
  const given: number[] = [];
  await restoreParameters(params, { tensors: new Map(stored) }, 'weights', {
    assign: (_, values) => void given.push(...values),
    partWriter: () => undefined,
  });
  expect(given).toEqual([-128, -1, 0, 127, 4, 3, 2, 1]);
});
