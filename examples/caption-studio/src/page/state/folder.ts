import { readCaptions } from './captions-file';
import { type GivenFile, isCaptionsFile } from './given-files';
import { isContent } from './import-limits';

/** A picture that is to become a lesson, and its caption. */
export interface GivenLesson {
  /** Undefined where a list of captions names a picture that is not there. */
  readonly file: File | undefined;
  readonly name: string;
  readonly caption: string;
}

export interface FolderLessons {
  readonly lessons: readonly GivenLesson[];
  /** Pictures for which the folder has no caption. */
  readonly unnamed: readonly string[];
}

/**
 * The lessons of a folder: what each `captions.jsonl` in it says; without one, each picture has the name of the folder that it is in as its
 * caption, such as `red mug` for `mugs/red-mug/3.jpg`. What a system adds of its own, such as `.DS_Store`, is no part of it.
 */
export async function folderLessons(files: readonly GivenFile[]): Promise<FolderLessons> {
  const content = files.filter(
    ({ path }) => isContent(path) && !/(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(path),
  );
  const lists = content.filter(isCaptionsFile);
  if (lists.length === 0)
    return {
      lessons: content.map(({ path, file }) => ({ file, name: path, caption: folderCaption(path) })),
      unnamed: [],
    };
  const byPath = new Map(content.map(({ path, file }) => [path, file]));
  const lessons: GivenLesson[] = [];
  const named = new Set(lists.map(({ path }) => path));
  for (const { path, file } of lists) {
    const root = path.slice(0, -'captions.jsonl'.length);
    for (const { image, text } of await readCaptions(file, path)) {
      const place = root + image.replace(/^\.\//, '');
      named.add(place);
      lessons.push({ file: byPath.get(place), name: image, caption: text });
    }
  }
  return { lessons, unnamed: content.map(({ path }) => path).filter(path => !named.has(path)) };
}

/** The name of the folder that a file is in, as words. */
function folderCaption(path: string): string {
  const folder = path.split('/').at(-2) ?? '';
  return folder.replaceAll(/[-_]+/g, ' ').trim();
}
