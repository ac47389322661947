import credits from '../../../../../packages/dataset-emoji/ATTRIBUTION.md?raw';
import { Markdown } from '../parts/markdown';

/** The credits of the data set as it has them: its table of sources and all that follows. */
const sources = credits.slice(credits.indexOf('| source'));

export function Attribution() {
  return (
    <>
      <p>
        The shipped model was taught with emoji and their names. It never saw a picture by EmojiOne; the
        samples of the Caption view are by that artist.
      </p>
      <Markdown source={sources} />
    </>
  );
}
