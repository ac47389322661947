import type { FileHandle } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { KeptOpen } from '../src/kept-open';

function counted() {
  const counts = { opened: 0, closed: 0 };
  const file = new KeptOpen(async () => {
    counts.opened++;
    return { close: async () => void counts.closed++ } as unknown as FileHandle;
  });
  return { file, counts };
}

test('many uses at once and soon after one another open a file once, and it is closed behind the last', async () => {
  vi.useFakeTimers();
  try {
    const { file, counts } = counted();
    await Promise.all([1, 2, 3].map(value => file.use(async () => value)));
    await file.use(async () => 4);
    expect(counts).toEqual({ opened: 1, closed: 0 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(counts).toEqual({ opened: 1, closed: 1 });
    await file.use(async () => 5);
    expect(counts.opened).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(counts.closed).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});

test('a file that failed is closed, and opened anew when it is used again', async () => {
  const { file, counts } = counted();
  await expect(file.use(async () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  await file.use(async () => 1);
  expect(counts).toEqual({ opened: 2, closed: 1 });
});
