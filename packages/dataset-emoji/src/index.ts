export { type Attribution, attributionText } from './attribution';
export {
  type EmojiDataset,
  type EmojiDatasetOptions,
  type EmojiProgress,
  prepareEmojiDataset,
} from './dataset';
export { type EmojiItem, type EmojiSplit, isCore } from './items';
export { emojiPlugin } from './plugin';
export type { ArtistName } from './sources';
