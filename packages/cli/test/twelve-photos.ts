import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@simvlm/core';
import sharp from 'sharp';

/** Three things that look different from afar, as SVG in a square of 100 units. */
const things: Readonly<Record<string, string>> = {
  cat: '<rect width="100" height="100" fill="#b7a58a"/><path d="M20 85V25l18 15h24l18-15v60z" fill="#5b3a1e"/>',
  coffee:
    '<rect width="100" height="100" fill="#7a1f16"/><circle cx="50" cy="50" r="38" fill="#fff"/><circle cx="50" cy="50" r="27" fill="#2b1509"/>',
  motorbike:
    '<rect width="100" height="100" fill="#9ec3dd"/><g fill="none" stroke="#111" stroke-width="9"><circle cx="26" cy="68" r="18"/><circle cx="74" cy="68" r="18"/></g><path d="M26 66l18-26h22l10 26z" fill="#c81e1e"/>',
};

/**
 * A folder as the guides have it: `each` pictures of three things as JPEG files, `cat-1.jpg` and so on, each cut out in another way, with
 * `captions.jsonl`.
 */
export async function photoFolder(folder: string, each: number, seed: number): Promise<void> {
  mkdirSync(folder);
  const random = Random.fromSeed(seed);
  const lines: string[] = [];
  for (const [name, drawing] of Object.entries(things))
    for (let i = 1; i <= each; i++) {
      const side = 80 + random.integer(20);
      const from = () => random.integer(100 - side);
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" viewBox="${from()} ${from()} ${side} ${side}">${drawing}</svg>`;
      await sharp(Buffer.from(svg))
        .jpeg()
        .toFile(join(folder, `${name}-${i}.jpg`));
      lines.push(JSON.stringify({ image: `${name}-${i}.jpg`, text: `my ${name}` }));
    }
  writeFileSync(join(folder, 'captions.jsonl'), `${lines.join('\n')}\n`);
}
