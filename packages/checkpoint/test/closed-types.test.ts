import { describe, expect, test } from 'vitest';
import { memoryCheckpoint, openTensors } from '../src/index';

/** A file with a weight and, before it, the whole numbers that others keep beside their weights. */
function mixed(): Uint8Array {
  const header = JSON.stringify({
    position_ids: { dtype: 'I64', shape: [1, 2], data_offsets: [0, 16] },
    'layer.weight': { dtype: 'F32', shape: [2], data_offsets: [16, 24] },
  });
  const json = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
  const bytes = new Uint8Array(8 + json.length + 24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  view.setFloat32(8 + json.length + 16, 1.5, true);
  view.setFloat32(8 + json.length + 20, -2, true);
  return bytes;
}

describe('tensors of types that hold no weights', () => {
  const opened = (bytes: Uint8Array, closed?: boolean) =>
    openTensors(memoryCheckpoint(new Map([['model.safetensors', bytes]]), 'the folder'), 'model', { closed });

  test('are refused by file and name', async () => {
    await expect(opened(mixed())).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: expect.stringMatching(/^the folder: model\.safetensors: .*"position_ids" has dtype "I64"/),
    });
  });

  test('where they are allowed, are listed, and cannot be read', async () => {
    const { tensors } = await opened(mixed(), true);
    expect(await tensors.get('layer.weight')!.read()).toEqual(Float32Array.of(1.5, -2));
    expect(tensors.get('position_ids')!.shape).toEqual([1, 2]);
    await expect(tensors.get('position_ids')!.read()).rejects.toMatchObject({ code: 'WEIGHTS_INVALID' });
  });

  test('a file that is cut off is told by file and tensor', async () => {
    await expect(opened(mixed().subarray(0, -1), true)).rejects.toThrow(
      /^the folder: model\.safetensors: .* it is cut off in "layer\.weight"/,
    );
  });
});
