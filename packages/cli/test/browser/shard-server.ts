import type { IncomingMessage, ServerResponse } from 'node:http';
import sharp from 'sharp';

const colours = { red: [220, 40, 40], green: [40, 160, 60], blue: [50, 80, 220] } as const;

/** A tar shard of one-coloured PNGs with captions, as WebDataset names its members. */
export async function colourShard(count: number): Promise<Uint8Array> {
  const members: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const [name, [r, g, b]] = Object.entries(colours)[i % 3]!;
    const background = { r: r - (i % 20), g, b };
    const png = await sharp({ create: { width: 20, height: 16, channels: 3, background } })
      .png()
      .toBuffer();
    const key = String(i).padStart(6, '0');
    members.push(...member(`${key}.png`, png), ...member(`${key}.txt`, Buffer.from(`a ${name} square`)));
  }
  return Buffer.concat([...members, new Uint8Array(1024)]);
}

/** Header and content of a file in an archive, each padded to whole blocks (POSIX ustar). */
function member(name: string, content: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0        0', 136);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, new Uint8Array((512 - (content.length % 512)) % 512)];
}

/** Answers with the bytes that a request asks for, and says how many those were. */
export function serveBytes(request: IncomingMessage, response: ServerResponse, file: Uint8Array): number {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const [begin, end] = match ? [Number(match[1]), Number(match[2]) + 1] : [0, file.length];
  const body = file.subarray(begin, end);
  response.writeHead(match ? 206 : 200, {
    'content-length': body.length,
    'content-range': `bytes ${begin}-${end - 1}/${file.length}`,
    etag: '"1"',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  return body.length;
}
