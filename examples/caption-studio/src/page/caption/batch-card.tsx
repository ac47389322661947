import { counted } from '../parts/format';
import { Icon } from '../parts/icon';
import { batch, closeBatch, stopBatch } from '../state/batch';
import { asCsv, asJsonLines } from '../state/captions-table';
import { download } from '../state/download';

/** Rows that are shown. */
const SHOWN = 8;

/** The captions of a folder as they are made, and both files to take them along. */
export function BatchCard() {
  const now = batch.value;
  if (!now) return null;
  const { total, rows, left, running } = now;
  const unsure = rows.filter(row => row.unsure).length;
  const done = rows.length + left.length;
  return (
    <section class="card batch" aria-labelledby="batch-heading" aria-busy={running}>
      <h2 id="batch-heading">Captions of a folder</h2>
      <label for="batch-progress">
        {running
          ? `Picture ${Math.min(done + 1, total)} of ${total}`
          : `${counted(rows.length, 'picture')} captioned`}
        {unsure > 0 && `, unsure about ${unsure}`}
        {left.length > 0 && `, ${left.length} left out`}
      </label>
      <progress id="batch-progress" value={done} max={Math.max(1, total)} />
      {rows.length > 0 && (
        <table>
          <caption>
            {rows.length > SHOWN ? `The last ${SHOWN}; the files have all of them` : 'So far'}
          </caption>
          <thead>
            <tr>
              <th scope="col">Picture</th>
              <th scope="col">Caption</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(-SHOWN).map(({ image, text, unsure }) => (
              <tr key={image}>
                <td>{image.slice(image.lastIndexOf('/') + 1)}</td>
                <td>
                  {text || 'nothing at all'}
                  {unsure && <em> (a guess)</em>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {left.length > 0 && (
        <details>
          <summary>What was left out, and why</summary>
          <ul>
            {left.map(line => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      )}
      <div class="actions">
        <button
          type="button"
          disabled={rows.length === 0}
          onClick={() => download('captions.csv', new Blob([asCsv(rows)], { type: 'text/csv' }))}
        >
          <Icon name="download" />
          Save as CSV
        </button>
        <button
          type="button"
          class="quiet"
          disabled={rows.length === 0}
          onClick={() => download('captions.jsonl', new Blob([asJsonLines(rows)]))}
        >
          <Icon name="download" />
          Save as JSON lines
        </button>
        <button type="button" class="quiet" onClick={running ? stopBatch : closeBatch}>
          <Icon name={running ? 'pause' : 'close'} />
          {running ? 'Stop' : 'Close'}
        </button>
      </div>
    </section>
  );
}
