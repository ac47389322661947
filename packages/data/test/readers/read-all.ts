import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OrderOptions, Reader, Sample, SampleSource } from '@simvlm/core';

/** A fixture's path. */
export const fixture = (path: string) => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

/** What the real tool read. */
export const expected = (folder: string) =>
  JSON.parse(readFileSync(fixture(`${folder}/expected.json`), 'utf8'));

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function readAll(from: SampleSource | Reader): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of 'read' in from ? from.read() : from) samples.push(sample);
  return samples;
}

/** The hashes of a sample's pictures. */
export async function pictures({ images }: Sample): Promise<string[]> {
  return Promise.all(images.map(async image => sha256(await image.bytes())));
}

export const keys = async (from: SampleSource | Reader) => (await readAll(from)).map(({ key }) => key);

/** The first epochs of an order: the keys of their samples, and how many records they have. */
export async function drawn(
  source: SampleSource,
  options: OrderOptions,
  epochs: number,
): Promise<{ keys: string[]; length: number }[]> {
  const order = source.order(options);
  const seen = Array.from({ length: epochs }, () => ({ keys: [] as string[], length: 0 }));
  for (;;) {
    const { sample, epoch } = await order.next();
    const own = seen[epoch];
    if (!own) return seen;
    own.length++;
    if (sample) own.keys.push(sample.key);
  }
}
