import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import type { StudioFailure } from '../../src/engine/engine';
import { MAX_BYTES, MAX_FILES } from '../../src/page/state/import-limits';
import { unpackCheckpoint } from '../../src/page/state/unpack';

const bytes = (text: string) => new TextEncoder().encode(text);
const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24);

function failureOf(action: () => unknown): StudioFailure {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) throw error;
    return error as StudioFailure;
  }
  throw new Error('it did not fail');
}

/** Changes the sizes that the archive's list gives for its first file. */
function claiming(archive: Uint8Array, { packed, unpacked }: { packed?: number; unpacked?: number }) {
  const changed = archive.slice();
  const view = new DataView(changed.buffer);
  const list = view.getUint32(archive.length - 22 + 16, true);
  if (packed !== undefined) view.setUint32(list + 20, packed, true);
  if (unpacked !== undefined) view.setUint32(list + 24, unpacked, true);
  return changed;
}

describe('a zip of a checkpoint is unpacked', () => {
  test.each([0, 9] as const)('packed at level %i, from any folder in it', level => {
    const files = { 'runs/mine/model.json': bytes('{}'), 'runs/mine/weights.safetensors': noise(5_000) };
    expect(unpackCheckpoint(zipSync(files, { level }))).toEqual([
      { name: 'model.json', bytes: files['runs/mine/model.json'] },
      { name: 'weights.safetensors', bytes: files['runs/mine/weights.safetensors'] },
    ]);
  });

  test('without folders as such, hidden files, and what macOS adds', () => {
    const files = { 'a/': bytes(''), 'a/model.json': bytes('{}'), 'a/.DS_Store': bytes('x') };
    const names = unpackCheckpoint(zipSync({ ...files, '__MACOSX/a/._model.json': bytes('x') })).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['model.json']);
  });

  test('zeros of 20 MiB, as an optimizer has at its start, are no bomb', () => {
    const archive = zipSync({ 'optimizer.safetensors': new Uint8Array(20 * 2 ** 20) });
    expect(unpackCheckpoint(archive)[0]!.bytes.length).toBe(20 * 2 ** 20);
  });
});

describe('before anything is unpacked it is refused', () => {
  const small = zipSync({ 'weights.safetensors': noise(5_000) });

  test.each([
    ['zeros of 70 MB in 70 kB', () => zipSync({ a: new Uint8Array(7e7) }, { level: 1 })],
    [
      'many small bombs',
      () =>
        zipSync(Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`${i}`, new Uint8Array(1e6)])), {
          level: 1,
        }),
    ],
    ['a claim of 1 GiB', () => claiming(small, { unpacked: 2 ** 30 })],
    ['a packed size of 1 GiB', () => claiming(small, { packed: 2 ** 30 })],
  ])('%s: it unpacks to far more than it holds', (_, make) => {
    const archive = make();
    const failure = failureOf(() => unpackCheckpoint(archive));
    expect(failure).toMatchObject({ code: 'CHECKPOINT_TOO_LARGE', title: expect.stringMatching(/far more/) });
    expect(failure.detail).toContain(`${archive.length} bytes would unpack to`);
  });

  test('a claim of more than a page has room for', () => {
    const failure = failureOf(() => unpackCheckpoint(claiming(small, { unpacked: MAX_BYTES + 1 })));
    expect(failure).toMatchObject({
      code: 'CHECKPOINT_TOO_LARGE',
      title: expect.stringMatching(/too large/),
    });
    expect(failure.detail).toContain(`${MAX_BYTES}`);
  });

  test.each([
    ['files', () => Array.from({ length: MAX_FILES + 1 }, (_, i) => `${i}`)],
    ['hidden files', () => Array.from({ length: MAX_FILES + 1 }, (_, i) => `.${i}`)],
  ])('too many %s', (_, names) => {
    const archive = zipSync(Object.fromEntries(names().map(name => [name, bytes('')])));
    expect(failureOf(() => unpackCheckpoint(archive))).toMatchObject({
      code: 'CHECKPOINT_TOO_LARGE',
      detail: expect.stringContaining(`${MAX_FILES}`),
    });
  });

  test('a list of four billion files that are not there', () => {
    const archive = new Uint8Array(200);
    const view = new DataView(archive.buffer);
    // The end of a 64-bit archive: its record, where that is, and the usual end.
    view.setUint32(0, 0x06064b50, true);
    view.setUint32(32, 0xffff_ffff, true);
    view.setUint32(200 - 42, 0x07064b50, true);
    view.setUint32(200 - 22, 0x06054b50, true);
    view.setUint16(200 - 14, 0xffff, true);
    expect(failureOf(() => unpackCheckpoint(archive)).code).toBe('CHECKPOINT_TOO_LARGE');
  });

  test.each([
    '../model.json',
    '/etc/model.json',
    'a/../../model.json',
    'a\\model.json',
    'C:model.json',
    'a/\n/b',
  ])('a name that leads elsewhere: %j', path => {
    const failure = failureOf(() => unpackCheckpoint(zipSync({ [path]: bytes('{}') })));
    expect(failure).toMatchObject({ code: 'CHECKPOINT_DAMAGED', detail: JSON.stringify(path) });
  });

  test('two files of one name, as in an archive of a whole run', () => {
    const archive = zipSync({ 'step-1/model.json': bytes('{}'), 'step-2/model.json': bytes('{}') });
    const failure = failureOf(() => unpackCheckpoint(archive));
    expect(failure.title).toBe('There are two files named model.json');
    expect(failure.detail).toBe('step-1/model.json and step-2/model.json');
  });
});

describe('what comes out is compared with what the archive says', () => {
  test.each([0, 9] as const)('less than it says, packed at level %i', level => {
    const archive = claiming(zipSync({ a: noise(5_000) }, { level }), { unpacked: 6_000 });
    const failure = failureOf(() => unpackCheckpoint(archive));
    expect(failure.title).toMatch(/not a zip archive/);
    expect(failure.detail).toBe('a has 5000 bytes, and the archive says 6000');
  });

  test('a file named __proto__, which an object as a map would lose', () => {
    const archive = Buffer.from(zipSync({ '--proto--': bytes('x') }).buffer as ArrayBuffer);
    for (let at = archive.indexOf('--proto--'); at >= 0; at = archive.indexOf('--proto--'))
      archive.write('__proto__', at);
    expect(failureOf(() => unpackCheckpoint(archive)).code).toBe('CHECKPOINT_DAMAGED');
  });

  test('whatever bytes of it are changed, it is unpacked or refused', () => {
    const archive = zipSync({ 'a/model.json': bytes('{"width": 64}'), 'a/weights': noise(500) });
    for (let at = 0; at < archive.length; at++)
      for (const value of [0, 0xff, archive[at]! ^ 0x40]) {
        const changed = archive.slice();
        changed[at] = value;
        try {
          unpackCheckpoint(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CHECKPOINT_/) });
        }
      }
  });
});
