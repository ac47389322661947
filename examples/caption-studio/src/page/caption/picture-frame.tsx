import { useEffect, useRef } from 'preact/hooks';
import { caption, captioning, lookedAt, picture } from '../state/caption';
import { model } from '../state/engine';
import { heatPixels, seenBox, side } from './heat-map';

/** The picture, and over it where the word that is pointed at looked. */
export function PictureFrame() {
  const now = picture.value;
  if (!now) return <div class="frame empty">A picture, dropped here, is captioned.</div>;
  const box = seenBox(now.width, now.height, model.value?.fit);
  const style = {
    left: `${box.left}%`,
    top: `${box.top}%`,
    width: `${box.width}%`,
    height: `${box.height}%`,
  };
  const isCut = box.width < 99 || box.height < 99;
  return (
    <figure class={`frame ${captioning.value ? 'reading' : ''}`}>
      <div class="mount" style={{ '--ratio': `${now.width / now.height}` }}>
        <img
          src={now.url}
          alt={`Your picture, ${now.name}`}
          class={now.width < 400 ? 'small-source' : ''}
          decoding="async"
        />
        {isCut && <div class="seen" style={style} />}
        <HeatMap style={style} />
      </div>
      {isCut && <figcaption class="hint">The model sees the bright square.</figcaption>}
    </figure>
  );
}

function HeatMap({ style }: { style: Record<string, string> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const done = caption.value;
  const word = lookedAt.value === undefined ? undefined : done?.words[lookedAt.value];
  useEffect(() => {
    if (!done || !word) return;
    const pixels = new ImageData(heatPixels(word.attention, done.grid), side, side);
    canvas.current!.getContext('2d')!.putImageData(pixels, 0, 0);
  }, [done, word]);
  return (
    <canvas
      ref={canvas}
      class={`heat ${word ? 'on' : ''}`}
      width={side}
      height={side}
      style={style}
      role="img"
      aria-label={word ? `Where the model looked for “${word.text}”` : 'No word chosen'}
      aria-hidden={word ? 'false' : 'true'}
    />
  );
}
