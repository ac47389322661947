import { DataError, type Sample, type SampleSource } from '@simvlm/core';
import type { DataFile } from '../folder';
import { placedLines } from '../lines';
import { withoutExtension } from '../table';
import { type AnnotationOptions, annotationSource, captions, picture } from './annotation-file';

/**
 * Flickr30k's captions: `results_20130124.token`, with `name.jpg#0`, a tab and a caption a line, or `results.csv`, with bars. Quotes are characters
 * like others. A sample for each picture, in the order in which they come first, with its captions in the file's order.
 *
 * A line that is neither is skipped and counted.
 */
export function flickr30kSource(file: DataFile, options: AnnotationOptions): SampleSource {
  return annotationSource('flickr30k', [file], () => load(file, options), options);
}

async function load(file: DataFile, options: AnnotationOptions): Promise<(() => Sample)[]> {
  const pictures = new Map<string, string[]>();
  const problems: (() => never)[] = [];
  for await (const { text, number } of placedLines(await file.open(), { byte: 0, line: 0 }, file.name)) {
    const line = text.trim();
    if (line === '' || (number === 1 && /^image_name\s*\|/.test(line))) continue;
    const [name, caption] = parse(line);
    if (name === undefined || caption === undefined) {
      problems.push(() => {
        throw new DataError(
          'DATA_INVALID',
          `${file.name}:${number}: neither "name.jpg#0<tab>caption" nor "name.jpg| 0| caption"`,
        );
      });
      continue;
    }
    const list = pictures.get(name);
    if (list) list.push(caption);
    else pictures.set(name, [caption]);
  }
  const samples = [...pictures].map(([name, texts]) => () => ({
    key: withoutExtension(name),
    images: [picture(options, name, file.name)],
    ...captions(texts),
  }));
  return [...samples, ...problems];
}

function parse(line: string): [string?, string?] {
  const [, token, caption] = /^([^\t|#]+)#\d+\s*\t\s*(.+)$/.exec(line) ?? [];
  if (token !== undefined) return [token.trim(), caption];
  // In the known file one row lacks its second bar.
  const [, name, comment] = /^([^|]+)\|\s*\d+\s*\|?\s*(.+)$/.exec(line) ?? [];
  return [name?.trim(), comment];
}
