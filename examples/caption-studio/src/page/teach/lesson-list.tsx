import { DropTarget } from '../parts/drop-target';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { addFolder } from '../state/folder';
import { attempt, notice, tell } from '../state/notice';
import { addLesson, changeLesson, lessons, removeLesson, running, type ShownLesson } from '../state/teach';

export function LessonList() {
  const locked = running.value;
  return (
    <DropTarget class="lessons card" onFiles={files => locked || addPictures(files)}>
      <h2>What to learn</h2>
      <p class="hint">
        Give pictures and the words for them. Those that are held out are never trained on: what the model
        says of them shows whether it learns or remembers.
      </p>
      <div class="actions">
        <FileButton
          label="Add pictures"
          icon="plus"
          accept="image/*"
          multiple
          disabled={locked}
          onFiles={addPictures}
        />
        <FileButton label="Add a folder" icon="folder" folder secondary disabled={locked} onFiles={addFrom} />
      </div>
      {lessons.value.length === 0 ? (
        <p class="nothing">
          No pictures yet. Drop some here; a folder holds a file <code>captions.jsonl</code>, a line{' '}
          <code>{'{"image": "fox.jpg", "text": "a fox in the snow"}'}</code> each.
        </p>
      ) : (
        <ul class="lesson-list">
          {lessons.value.map((lesson, i) => (
            <LessonRow key={lesson.picture.id} lesson={lesson} number={i + 1} locked={locked} />
          ))}
        </ul>
      )}
    </DropTarget>
  );
}

function LessonRow({ lesson, number, locked }: { lesson: ShownLesson; number: number; locked: boolean }) {
  const { id, url, name } = lesson.picture;
  const field = `caption-of-${id}`;
  return (
    <li>
      <img src={url} alt="" decoding="async" width="64" height="64" />
      <div>
        <label for={field} class="visually-hidden">
          Caption of picture {number}, {name}
        </label>
        <input
          id={field}
          value={lesson.caption}
          placeholder="What is it?"
          autocomplete="off"
          maxLength={200}
          disabled={locked}
          onInput={event => changeLesson(id, { caption: event.currentTarget.value })}
        />
        <label class="held-out">
          <input
            type="checkbox"
            role="switch"
            aria-checked={lesson.heldOut}
            checked={lesson.heldOut}
            disabled={locked}
            onChange={event => changeLesson(id, { heldOut: event.currentTarget.checked })}
          />
          Held out<span class="visually-hidden">: picture {number}</span>
        </label>
      </div>
      <button
        type="button"
        class="plain"
        disabled={locked}
        aria-label={`Remove picture ${number}, ${name}`}
        onClick={() => removeLesson(id)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** Every picture that can be used is added; the last that cannot is reported. */
async function addPictures(files: readonly File[]): Promise<void> {
  await attempt(async () => {
    const failures: unknown[] = [];
    for (const file of files) await addLesson(file, file.name).catch(error => failures.push(error));
    if (failures.length > 0) throw failures.at(-1);
  });
}

async function addFrom(files: readonly File[]): Promise<void> {
  await attempt(async () => {
    const { added, left } = await addFolder(files);
    if (left.length === 0)
      return tell(`${added} pictures added`, 'With ten or more, every fifth is held out.');
    notice.value = {
      kind: 'error',
      title: `${added} pictures added, ${left.length} left out`,
      advice: 'The others can be taught as they are.',
      detail: left.join('; '),
    };
  });
}
