/** A page whose pictures are made by a pool of workers. */
import { Random } from '@simvlm/core';
import { openPicturePool, type PictureTransform } from '../../src/index';

export type Outcome =
  | { readonly width: number; readonly height: number; readonly data: number[] }
  | { readonly code: string; readonly message: string };

const pool = openPicturePool({ workers: 2 });

async function prepared(file: string, transform: PictureTransform, seed: number): Promise<Outcome> {
  const picture = Uint8Array.from(atob(file), character => character.charCodeAt(0));
  const draw = { random: Random.fromSeed(seed).state(), mirror: true };
  try {
    const { width, height, data } = await pool.prepare({ picture, transform, draw });
    return { width, height, data: [...data] };
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    return { code, message };
  }
}

Object.assign(globalThis, { prepared });
