import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Reader, Sample } from '@simvlm/core';

/** A fixture's path. */
export const fixture = (path: string) => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

/** What the real tool read. */
export const expected = (folder: string) =>
  JSON.parse(readFileSync(fixture(`${folder}/expected.json`), 'utf8'));

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function readAll(reader: Reader): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of reader) samples.push(sample);
  return samples;
}

/** The hashes of a sample's pictures. */
export async function pictures({ images }: Sample): Promise<string[]> {
  return Promise.all(images.map(async image => sha256(await image.bytes())));
}

export const keys = async (reader: Reader) => (await readAll(reader)).map(({ key }) => key);
