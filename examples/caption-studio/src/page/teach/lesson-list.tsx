import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { TextHints } from '../parts/text-hints';
import { adding } from '../state/add-lessons';
import { chosenFiles } from '../state/given-files';
import { changeLesson, lessons, removeLessons, type ShownLesson } from '../state/lessons';
import { attempt } from '../state/notice';
import { locked } from '../state/teach';
import { addLessonFolder, addPictures } from './lesson-files';
import { WebcamButton } from './webcam';

export function LessonList() {
  const isLocked = locked.value;
  return (
    <section class="lessons card" aria-labelledby="lessons-heading">
      <h2 id="lessons-heading">What to learn</h2>
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
          disabled={isLocked}
          onFiles={files => void attempt(() => addPictures(chosenFiles(files)))}
        />
        <FileButton
          label="Add a folder"
          icon="folder"
          folder
          secondary
          disabled={isLocked}
          onFiles={files => void attempt(() => addLessonFolder(chosenFiles(files)))}
        />
        <WebcamButton disabled={isLocked} />
        {lessons.value.length > 1 && (
          <button
            type="button"
            class="quiet"
            disabled={isLocked}
            onClick={() => removeLessons(lessons.value.map(({ picture }) => picture.id))}
          >
            <Icon name="close" />
            Remove all
          </button>
        )}
      </div>
      <p class="hint" role="status">
        {adding.value && `Adding picture ${adding.value.done + 1} of ${adding.value.total} …`}
      </p>
      {lessons.value.length === 0 ? (
        <p class="nothing">
          No pictures yet. Drop some, or paste one. Pictures of a folder get its name as their caption, unless
          it has a file <code>captions.jsonl</code> with a line{' '}
          <code>{'{"image": "fox.jpg", "text": "a fox in the snow"}'}</code> for each.
        </p>
      ) : (
        <ul class="lesson-list">
          {lessons.value.map((lesson, i) => (
            <LessonRow key={lesson.picture.id} lesson={lesson} number={i + 1} locked={isLocked} />
          ))}
        </ul>
      )}
    </section>
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
          aria-describedby={`${field}-hints`}
          onInput={event => changeLesson(id, { caption: event.currentTarget.value })}
        />
        <TextHints id={`${field}-hints`} text={lesson.caption} />
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
        onClick={() => removeLessons([id])}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
