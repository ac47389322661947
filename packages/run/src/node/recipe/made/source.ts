import type { PlacedSource } from '../../../config/sources';

/**
 * Makes the files of a source, in the format that its data set really has.
 *
 * @param place where a path of the configuration lies
 */
export type Make = (source: PlacedSource, place: (path: string) => string) => Promise<void>;

const RANGE = /\{(\d+)\.\.(\d+)\}/;

/** A range of files such as `{00000..01023}`, as short as a range can be: its first two. */
export function fewFiles(path: string): string {
  return path.replace(RANGE, (_, first: string) => `{${first}..${following(first)}}`);
}

/** The files of a path, whose range is short. */
export function eachFile(path: PlacedSource['path']): readonly string[] {
  return (typeof path === 'string' ? [path] : path).flatMap(each => {
    const [range, first, last] = RANGE.exec(each) ?? [];
    return range === undefined ? [each] : [first, last].map(number => each.replace(range, number!));
  });
}

function following(number: string): string {
  return String(Number(number) + 1).padStart(number.length, '0');
}
