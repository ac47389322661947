import { caption, picture } from './caption';
import { download } from './download';
import { tell } from './notice';

/** @throws where the browser does not let the page write to the clipboard */
export async function copyCaption(): Promise<void> {
  await navigator.clipboard.writeText(caption.value!.text);
  tell('Copied', `“${caption.value!.text}” is on the clipboard.`);
}

/** Pixels of a card, and what of it is margin. */
const CARD = { width: 800, height: 1000, margin: 48 } as const;

/** The picture with its caption below it as one picture, shared where the device can, else downloaded. */
export async function saveCard(): Promise<void> {
  const { text, unsure } = caption.value!;
  const card = new File([await drawCard(picture.value!.url, text, unsure)], 'caption.png', {
    type: 'image/png',
  });
  const isPhone = matchMedia('(pointer: coarse)').matches;
  if (isPhone && navigator.canShare?.({ files: [card] })) {
    try {
      await navigator.share({ files: [card] });
    } catch (error) {
      // The visitor changed their mind.
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
    }
  } else download(card.name, card);
}

async function drawCard(url: string, text: string, unsure: boolean): Promise<Blob> {
  const { width, height, margin } = CARD;
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fbf7ee';
  context.fillRect(0, 0, width, height);
  const room = width - 2 * margin;
  const scale = Math.min(room / image.naturalWidth, room / image.naturalHeight);
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  context.fillStyle = '#fff';
  context.fillRect(margin, margin, room, room);
  context.drawImage(image, margin + (room - w) / 2, margin + (room - h) / 2, w, h);
  context.fillStyle = '#1d1b2e';
  context.textAlign = 'center';
  const { family, size, lines } = fitted(context, unsure ? `${text}?` : text, room);
  context.font = `${size}px ${family}`;
  const top = margin + room + 30 + size;
  for (const [i, line] of lines.entries()) context.fillText(line, width / 2, top + i * size * 1.2);
  context.font = '22px sans-serif';
  context.fillText('Caption Studio', width / 2, height - 24);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** The largest letters at which the text takes two lines at most. */
function fitted(context: OffscreenCanvasRenderingContext2D, text: string, room: number) {
  const family = getComputedStyle(document.documentElement).getPropertyValue('--serif') || 'serif';
  for (let size = 60; ; size -= 4) {
    context.font = `${size}px ${family}`;
    const lines: string[] = [];
    for (const word of text.split(' ')) {
      const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
      if (lines.length > 0 && context.measureText(longer).width <= room) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    if (lines.length <= 2 || size <= 20) return { family, size, lines: lines.slice(0, 3) };
  }
}
