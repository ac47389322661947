import { type Checkpoint, fileOf } from '@simvlm/checkpoint';

const CARD = 'README.md';
/** A model card; what is longer is something else. */
const MAX_CARD = 2 ** 20;

/** The licence that a folder's model card names in its front matter, such as `mit`. */
export async function licenseOf(files: Checkpoint): Promise<string | undefined> {
  if (!files.names.includes(CARD) || (await files.file(CARD)).size > MAX_CARD) return undefined;
  const card = new TextDecoder().decode(await fileOf(files, CARD));
  const [, matter] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card) ?? [];
  const [, name] = /^license:[ \t]*['"]?([\w.-]+)['"]?[ \t]*$/m.exec(matter ?? '') ?? [];
  return name;
}

/** Whether a value is a name as model cards have it. */
export function isLicense(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]+$/.test(value);
}
