import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Lesson, StudioFailure, TeachSettings } from '../../engine/engine';

/** What is on the visitor's desk: kept at every change, whether or not it has been taught. */
export interface Desk {
  readonly lessons: readonly Lesson[];
  readonly settings: TeachSettings;
}

interface Note {
  readonly lessons: readonly (Pick<Lesson, 'caption' | 'heldOut'> & { readonly id: string })[];
  readonly settings: TeachSettings;
}

/** Pictures apart from the note, so that a letter typed does not write them again. */
interface Stores extends DBSchema {
  pictures: { key: string; value: Lesson['picture'] };
  notes: { key: string; value: Note };
}

const NOTE = 'desk';
let database: Promise<IDBPDatabase<Stores>> | undefined;

function open(): Promise<IDBPDatabase<Stores>> {
  database ??= openDB<Stores>('caption-studio', 1, {
    upgrade(db) {
      db.createObjectStore('pictures', { keyPath: 'id' });
      db.createObjectStore('notes');
    },
    terminated: () => (database = undefined),
  });
  database.catch(() => (database = undefined));
  return database;
}

/** What was kept; undefined where nothing was. @throws StudioFailure where the browser keeps nothing */
export function readDesk(): Promise<Desk | undefined> {
  return reported(async () => {
    const all = (await open()).transaction(['pictures', 'notes']);
    const [note, pictures] = await Promise.all([
      all.objectStore('notes').get(NOTE),
      all.objectStore('pictures').getAll(),
    ]);
    if (!note) return undefined;
    const byId = new Map(pictures.map(picture => [picture.id, picture]));
    return {
      settings: note.settings,
      lessons: note.lessons.map(({ id, ...rest }) => ({ picture: byId.get(id)!, ...rest })),
    };
  });
}

/** Keeps all of it, or nothing: one transaction. @throws StudioFailure where there is no room or no storage */
export function writeDesk({ lessons, settings }: Desk): Promise<void> {
  return reported(async () => {
    const all = (await open()).transaction(['pictures', 'notes'], 'readwrite');
    const pictures = all.objectStore('pictures');
    const kept = new Set(await pictures.getAllKeys());
    for (const { picture } of lessons)
      if (!kept.delete(picture.id)) void pictures.put(picture).catch(() => {});
    for (const id of kept) void pictures.delete(id);
    const notes = lessons.map(({ picture: { id }, caption, heldOut }) => ({ id, caption, heldOut }));
    void all.objectStore('notes').put({ lessons: notes, settings }, NOTE);
    // What fails above ends the transaction, and is thrown here.
    await all.done;
  });
}

async function reported<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const isFull = error.name === 'QuotaExceededError';
    throw {
      code: isFull ? 'STORAGE_FULL' : 'STORAGE_ABSENT',
      title: isFull ? 'There is no room to keep the lessons' : 'This browser does not keep the lessons',
      advice: isFull
        ? 'They can be taught, and are lost when the page is closed. Free some disk space, or use smaller pictures.'
        : 'In a private window that is so. They can be taught, and are lost when the page is closed.',
      detail: `${error.name}: ${error.message}`,
    } satisfies StudioFailure;
  }
}
