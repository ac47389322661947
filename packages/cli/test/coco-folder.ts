import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { drawFolder } from './fixture';

/**
 * A folder as COCO's downloads have it: `annotations/captions_NAME.json` beside `NAME/`, a folder of JPEGs with several captions each.
 *
 * @param name such as `train2017`
 */
export async function cocoFolder(folder: string, name: string, count: number, seed: number): Promise<void> {
  const drawn = await drawFolder(`${folder}/drawn-${name}`, count, seed);
  mkdirSync(`${folder}/annotations`, { recursive: true });
  mkdirSync(`${folder}/${name}`, { recursive: true });
  const texts = readFileSync(`${drawn}/captions.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { text: string }).text);
  const images = texts.map((_, i) => ({
    id: 100 * seed + i,
    file_name: `${String(i).padStart(12, '0')}.jpg`,
  }));
  // Wider than high, as photos are.
  for (const [i, { file_name }] of images.entries())
    await sharp(`${drawn}/${i}.png`)
      .extend({ left: 4, right: 4, background: 'white' })
      .jpeg({ quality: 95 })
      .toFile(`${folder}/${name}/${file_name}`);
  const annotations = texts.flatMap((text, i) =>
    [text, `there is ${text}`].map((caption, j) => ({ id: 10 * i + j, image_id: images[i]!.id, caption })),
  );
  writeFileSync(`${folder}/annotations/captions_${name}.json`, JSON.stringify({ images, annotations }));
}

/** The JSON of a document that follows a heading. */
export function snippetAfter(file: string, heading: string): object {
  const text = readFileSync(file, 'utf8');
  const after = text.slice(text.indexOf(`# ${heading}\n`));
  return JSON.parse(/```json\n(.*?)```/s.exec(after)![1]!) as object;
}
