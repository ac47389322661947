export { type Attribution, attributionText } from './attribution';
export {
  type EmojiDataset,
  type EmojiDatasetOptions,
  type EmojiProgress,
  prepareEmojiDataset,
} from './dataset';
export { drawSvg, withOneThreadEach } from './draw-svg';
export { type EmojiItem, type EmojiSplit, isCore } from './items';
export { wordsOf } from './labels';
export { emojiPlugin } from './plugin';
export type { ArtistName } from './sources';
