import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DataError, type ExampleStream, ImageError, Random } from '@simvlm/core';
import { preparePicture } from '@simvlm/image';
import { expect, test, vi } from 'vitest';
import { type ExampleStreamOptions, exampleStream, type Pictures } from '../../src/index';
import { type CountingOptions, countingSource, grey, sampleOf } from './counting-source';

const transform = { size: 2 } as const;

function numbers(source: CountingOptions, options: Partial<ExampleStreamOptions> = {}): ExampleStream {
  return exampleStream({
    source: countingSource(source),
    ...{ random: Random.fromSeed(1), pictures: { transform }, length: source.count },
    ...options,
  });
}

/** A pool that finishes its jobs in an order of its own. */
function unsteadyPool(seed: number): NonNullable<Pictures['pool']> {
  const random = Random.fromSeed(seed);
  return {
    workers: 3,
    async prepare(job) {
      for (let turns = random.integer(20); turns > 0; turns--) await Promise.resolve();
      return preparePicture(job);
    },
  };
}

async function take(stream: ExampleStream, count: number) {
  const examples = [];
  for (let i = 0; i < count; i++) {
    const { example, random } = await stream.next();
    examples.push({ ...example, draw: random.fork('prefix').uint32() });
  }
  return examples;
}

test('examples come in the order of their records, whichever picture is ready first', async () => {
  const steady = await take(numbers({ count: 20 }), 50);
  expect(steady.map(({ id }) => Number(id))).toEqual(Array.from({ length: 50 }, (_, i) => i % 20));
  for (const [seed, ahead] of [
    [1, 1],
    [2, 3],
    [3, 40],
  ] as const) {
    const pictures = { transform, pool: unsteadyPool(seed) };
    expect(await take(numbers({ count: 20 }, { pictures, ahead }), 50)).toEqual(steady);
  }
});

test('the draws of an example follow from seed, epoch, key and copy, not from what comes before it', async () => {
  const pictures = { transform: { size: 8, augment: 'drawing-strong' } } as const;
  const drawsOf = async (source: CountingOptions, seed = 1) => {
    const stream = numbers(source, { pictures, random: Random.fromSeed(seed) });
    return (await take(stream, 2 * source.count)).filter(({ id }) => id === '5');
  };
  const [first, second] = await drawsOf({ count: 8 });
  expect(second!.draw).not.toBe(first!.draw);
  expect(second!.image).not.toEqual(first!.image);
  const alone = { count: 1, record: () => ({ sample: sampleOf(5) }) };
  expect(await drawsOf(alone)).toEqual([first, second]);
  expect((await drawsOf(alone, 2))[0]!.draw).not.toBe(first!.draw);
});

test('no more records are in work, or made and waiting, than stated', async () => {
  let read = 0;
  const stream = numbers({ count: 1000, onRead: () => void read++ }, { ahead: 6 });
  const settled = () => new Promise(resolve => setTimeout(resolve, 5));
  expect(read).toBe(0);
  for (let given = 1; given <= 30; given++) {
    await stream.next();
    await settled();
    expect(read).toBe(given + 6);
  }
  await stream.close?.();
  await settled();
  expect(read).toBe(36);
});

test('an epoch shows each record once, with one of its texts, drawn anew each epoch', async () => {
  const texts = ['a', 'b', 'c', 'd'];
  const record = (index: number) => ({ sample: sampleOf(index, { text: 'a', texts }) });
  const drawn = (await take(numbers({ count: 10, record }), 400)).map(({ text }) => text);
  const counts = texts.map(text => drawn.filter(each => each === text).length);
  // 100 expected, standard deviation 8.7.
  for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
  expect(drawn.slice(0, 10)).not.toEqual(drawn.slice(10, 20));
});

test('what a sample says stands where tasks look for it', async () => {
  const record = () => ({
    sample: sampleOf(3, {
      ...{ question: 'what?', answers: ['a', 'b'], label: 7, split: 'train', fields: { hue: 1 } },
      ...{ source: 'Hund', target: 'dog' },
    }),
  });
  const [example] = await take(numbers({ count: 1, record }), 1);
  expect(example).toMatchObject({
    ...{ id: '3', text: 'text 3', image: grey(3) },
    fields: { question: 'what?', answer: ['a', 'b'], label: 7, split: 'train', hue: 1, source: 'Hund' },
  });
});

test('an example has all its pictures; a mirror is drawn only where every text allows it', async () => {
  const pictures = { transform: { size: 2, augment: 'drawing-strong' } } as const;
  const mirrors = async (text: string) => {
    const prepare = vi.fn(preparePicture);
    const images = [1, 2].map(value => sampleOf(value).images[0]!);
    const record = () => ({ sample: sampleOf(0, { images, texts: ['a dog', text] }) });
    const [{ image, images: all } = expect.fail()] = await take(
      numbers({ count: 1, record }, { pictures: { ...pictures, pool: { workers: 0, prepare } } }),
      1,
    );
    expect([all!.length, all![0]]).toEqual([2, image]);
    const jobs = prepare.mock.calls.slice(0, 2).map(([{ draw }]) => draw!);
    expect(jobs[0]!.random).not.toEqual(jobs[1]!.random);
    return jobs.map(({ mirror }) => mirror);
  };
  expect(await mirrors('a cat')).toEqual([true, true]);
  expect(await mirrors('a cat on the left')).toEqual([false, false]);
});

test('a stream of texts opens no picture', async () => {
  const record = (index: number) => ({
    sample: sampleOf(index, { images: [{ path: 'a.png', bytes: () => expect.fail('opened') }] }),
  });
  const stream = exampleStream({
    source: countingSource({ count: 3, record }),
    random: Random.fromSeed(1),
  });
  const { example } = await stream.next();
  expect([example.text, 'image' in example]).toEqual(['text 0', false]);
});

test('records that are left out or cannot be used are passed over; the latter are counted once, by their key', async () => {
  const record = (index: number) => {
    if (index % 10 < 5) return {};
    if (index === 5) return { problem: new DataError('DATA_INVALID', 'a.csv:7: no "text"') };
    if (index === 7)
      return {
        sample: sampleOf(7, {
          images: [{ path: 'b.png', bytes: async () => new Uint8Array([1, 2, 3]) }],
        }),
      };
    return { sample: sampleOf(index) };
  };
  const stream = numbers({ count: 40, record }, { ahead: 3 });
  const ids = (await take(stream, 54)).map(({ id }) => Number(id));
  const good = Array.from({ length: 40 }, (_, i) => i).filter(i => i % 10 >= 5 && i !== 5 && i !== 7);
  expect(ids).toEqual([...good, ...good, ...good]);
  expect(stream.skipped()).toEqual({
    ...{ count: 2, draws: 6 },
    reasons: ['a.csv:7: no "text"', expect.stringMatching(/^b\.png: /)],
  });
});

test('pictures of the same name that are embedded in their records count as several', async () => {
  const image = { path: 'image.png', bytes: async () => new Uint8Array([1]) };
  const record = (index: number) => ({
    sample: sampleOf(index, index < 3 ? { images: [{ ...image, place: `a.parquet: row ${index}` }] } : {}),
  });
  const stream = numbers({ count: 40, record });
  await take(stream, 60);
  const { count, draws, reasons } = stream.skipped();
  expect([count, draws]).toEqual([3, 6]);
  expect(reasons[0]).toMatch(/^example 0: image\.png: /);
});

test('when each record is left out there is an error, not an endless search', async () => {
  const stream = numbers({ count: 5, record: () => ({}) });
  await expect(stream.next()).rejects.toThrow('numbers: there are no examples');
});

test('an error of what is made ahead surfaces when its turn comes, and stays', async () => {
  const onRead = (index: number) => {
    if (index === 3) throw new DataError('DATA_INVALID', 'shard.tar: cut off');
  };
  const stream = numbers({ count: 9, onRead }, { ahead: 8 });
  expect((await take(stream, 3)).map(({ id }) => id)).toEqual(['0', '1', '2']);
  for (let i = 0; i < 2; i++) await expect(stream.next()).rejects.toThrow('shard.tar: cut off');
  expect(stream.state()).toMatchObject({ order: 3 });
});

test('an error that is not about a record is thrown when its turn comes', async () => {
  const pool = { workers: 0, prepare: () => Promise.reject(new TypeError('no such function')) };
  const stream = numbers({ count: 9 }, { pictures: { transform, pool } });
  await expect(stream.next()).rejects.toThrow(TypeError);
});

test('a place is behind the example given last; what was made ahead, or is in work, is made again', async () => {
  const options = { pictures: { transform, pool: unsteadyPool(4) }, ahead: 7 };
  const record = (index: number) =>
    index % 9 === 4
      ? { problem: new ImageError('IMAGE_UNREADABLE', `${index} cannot be read`) }
      : { sample: sampleOf(index) };
  const stream = numbers({ count: 30, record }, { ...options, skipLimit: 0.3 });
  const all = await take(numbers({ count: 30, record }, { skipLimit: 0.3 }), 120);
  for (const before of [0, 1, 4, 5, 26, 27, 60]) {
    stream.restore([numbers({ count: 30, record }).state()]);
    await take(stream, before);
    const saved = JSON.parse(JSON.stringify(stream.state()));
    const skipped = stream.skipped();
    const dropped = stream.next();
    await Promise.resolve();
    stream.restore([saved]);
    await dropped.catch((error: Error) => expect(error.message).toContain('meanwhile'));
    expect([stream.state(), stream.skipped()]).toEqual([saved, skipped]);
    expect(await take(stream, 40)).toEqual(all.slice(before, before + 40));
  }
});

test('an example that a task refuses is counted, and the place stays behind it', async () => {
  const stream = numbers({ count: 9 });
  await take(stream, 2);
  const { order } = stream.state() as { order: number };
  stream.refuse(new DataError('CAPTION_EMPTY', 'the caption is empty'));
  expect(stream.state()).toMatchObject({ order });
  expect(stream.skipped()).toMatchObject({ count: 1, reasons: ['example 1: the caption is empty'] });
  const bug = new TypeError('a bug');
  await stream.next();
  expect(() => stream.refuse(bug)).toThrow(bug);
});

test('another number of processes takes over what was counted, each log once', async () => {
  const record = (index: number) =>
    index % 3 === 0
      ? { problem: new DataError('DATA_INVALID', `${index} is torn`) }
      : { sample: sampleOf(index) };
  const of = (rank: number, size: number) =>
    numbers({ count: 12, record }, { share: { rank, size }, skipLimit: 1 });
  const before = [0, 1, 2].map(rank => of(rank, 3));
  for (const stream of before.slice(1)) await take(stream, 4);
  // Each third record is torn: all of the first process, none of the others.
  await expect(before[0]!.next()).rejects.toThrow('none of 12 examples can be used');
  const states = before.map(stream => stream.state());
  const after = [0, 1].map(rank => of(rank, 2));
  for (const stream of after) stream.restore(states);
  const counts = after.map(stream => stream.skipped().count);
  expect(counts).toEqual([before[0]!.skipped().count, 0]);
  expect(counts[0]).toBe(4);
});

test('memory does not grow with the records: what was given is let go', async () => {
  const given: WeakRef<object>[] = [];
  const record = (index: number) => {
    const sample = sampleOf(index);
    given.push(new WeakRef(sample), new WeakRef(sample.images[0]!.pixels!));
    return { sample };
  };
  const stream = numbers({ count: 1e6, record }, { ahead: 4 });
  for (let i = 0; i < 5000; i++) await stream.next();
  await new Promise(resolve => setTimeout(resolve, 0));
  collectGarbage();
  // Made ahead, or given last.
  expect(given.filter(reference => reference.deref()).length).toBeLessThan(2 * 10);
  expect(JSON.stringify(stream.state()).length).toBeLessThan(200);
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

test.each([
  [{ ahead: 0 }, '"ahead" must be an integer ≥ 1'],
  [{ skipLimit: 1.5 }, '"skipLimit" must be a number from 0 to 1'],
])('%j is refused', (options, message) => {
  expect(() => numbers({ count: 1 }, options)).toThrow(message);
});
