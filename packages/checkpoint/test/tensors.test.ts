import { memoryBytes } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CheckpointContents,
  checkFinite,
  collect,
  hasTensors,
  memoryCheckpoint,
  openSafetensors,
  openTensors,
  readAll,
  readSafetensors,
  type SafeTensor,
  tensorFiles,
  tensorSources,
  writeSafetensors,
} from '../src/index';
import { errorOf } from './error-of';

const tensor = (...values: number[]): SafeTensor => ({
  shape: [values.length],
  values: Float32Array.from(values),
});

async function opened(contents: CheckpointContents) {
  return memoryCheckpoint(await collect(contents));
}

const many: [string, SafeTensor][] = Array.from({ length: 10 }, (_, i) => [`t.${i}`, tensor(i, i + 0.5, -i)]);

describe('tensors of a checkpoint', () => {
  test('fill one file, or shards of a stated size with an index, and come back the same', async () => {
    const one = await opened(new Map(tensorFiles('weights', tensorSources(many))));
    expect(one.names).toEqual(['weights.safetensors']);
    const options = { shardBytes: 40, metadata: { format: 'simvlm' } };
    const several = await opened(new Map(tensorFiles('weights', tensorSources(many), options)));
    expect(several.names).toEqual([
      ...[1, 2, 3, 4].map(i => `weights-0000${i}-of-00004.safetensors`),
      'weights.safetensors.index.json',
    ]);
    for (const checkpoint of [one, several]) {
      expect(hasTensors(checkpoint, 'weights')).toBe(true);
      expect(await readAll(await openTensors(checkpoint, 'weights'))).toEqual(new Map(many));
    }
    expect((await openTensors(several, 'weights')).metadata).toEqual({ format: 'simvlm' });
    expect(hasTensors(one, 'optimizer')).toBe(false);
  });

  test('a tensor larger than a shard has one of its own', async () => {
    const large: [string, SafeTensor][] = [many[0]!, ['large', tensor(...new Array(100).fill(1))], many[1]!];
    const files = new Map(tensorFiles('weights', tensorSources(large), { shardBytes: 24 }));
    expect([...files.keys()]).toHaveLength(4);
    expect(await readAll(await openTensors(await opened(files), 'weights'))).toEqual(new Map(large));
  });

  test('each is read when it is asked for, and only then', async () => {
    const asked: string[] = [];
    const sources = new Map(
      many.map(([name, { shape, values }]) => [
        name,
        {
          shape,
          async read() {
            asked.push(name);
            return values;
          },
        },
      ]),
    );
    const files = new Map(tensorFiles('weights', sources));
    expect(asked).toEqual([]);
    const set = await openTensors(await opened(files), 'weights');
    expect(asked).toEqual(many.map(([name]) => name));
    expect([...set.tensors.keys()]).toEqual(asked);
    expect(await set.tensors.get('t.3')!.read()).toEqual(many[3]![1].values);
  });

  test('a stream is byte for byte the file in memory, whatever the tensors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.array(fc.float()), { maxKeys: 6 }),
        fc.constantFrom('F32' as const, 'F16' as const),
        async (given, dtype) => {
          const tensors = Object.entries(given).filter(([name]) => name !== '__metadata__');
          const list = tensors.map(([name, values]): [string, SafeTensor] => [name, tensor(...values)]);
          const [[, content]] = tensorFiles('x', tensorSources(list), { dtype }) as [[string, never]];
          const files = await collect(new Map([['x', content]]));
          const whole = writeSafetensors(list, {}, dtype);
          expect(files.get('x')).toEqual(whole);
          expect(await readAll(await openSafetensors(memoryBytes(whole)))).toEqual(
            readSafetensors(whole).tensors,
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a tensor may have any name', async () => {
    const names = ['__proto__', 'constructor', 'toString', ''];
    const list = names.map((name, i): [string, SafeTensor] => [name, tensor(i)]);
    expect([...readSafetensors(writeSafetensors(list)).tensors]).toEqual(list);
    const files = new Map(tensorFiles('weights', tensorSources(list), { shardBytes: 8 }));
    expect(await readAll(await openTensors(await opened(files), 'weights'))).toEqual(new Map(list));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d among them is refused, with the name of the tensor and the place',
    async value => {
      const set = { tensors: tensorSources([...many, ['bad', tensor(1, value)]]), metadata: {} };
      await expect(checkFinite({ tensors: tensorSources(many), metadata: {} }, 'weights')).resolves.toBe(
        undefined,
      );
      const error = await errorOf(checkFinite(set, 'weights'));
      expect(error).toMatchObject({ code: 'WEIGHTS_INVALID' });
      expect(error.message).toContain(`weights: "bad" holds ${value} at place 1`);
    },
  );
});

describe('an index that does not fit its shards is refused', () => {
  const spoilt = async (change: (index: { weight_map: Record<string, unknown> }) => void) => {
    const files = await collect(new Map(tensorFiles('weights', tensorSources(many), { shardBytes: 40 })));
    const name = 'weights.safetensors.index.json';
    const index = JSON.parse(new TextDecoder().decode(files.get(name)));
    change(index);
    files.set(name, new TextEncoder().encode(JSON.stringify(index)));
    const error = await errorOf(openTensors(memoryCheckpoint(files), 'weights'));
    expect(error).toBeInstanceOf(CheckpointError);
    return error.message;
  };

  test.each<[string, (index: { weight_map: Record<string, unknown> }) => void, RegExp]>([
    ['no map', index => Object.assign(index, { weight_map: undefined }), /it has no "weight_map"/],
    [
      'another file',
      index => (index.weight_map['t.1'] = '../x'),
      /"t.1" is said to be in "..\/x", which is not there/,
    ],
    ['a number', index => (index.weight_map['t.1'] = 7), /"t.1" is said to be in 7/],
    [
      'another shard',
      index => (index.weight_map['t.0'] = 'weights-00004-of-00004.safetensors'),
      /"t.0" is in weights-00001-of-00004.safetensors, and not by the index/,
    ],
    [
      'one too many',
      index => (index.weight_map.more = 'weights-00001-of-00004.safetensors'),
      /"more" is not in/,
    ],
  ])('%s', async (_, change, message) => {
    expect(await spoilt(change)).toMatch(message);
  });
});
