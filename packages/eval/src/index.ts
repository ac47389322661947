export { answerMetrics } from './answers';
export type { CandidateOptions } from './candidate-draw';
export {
  type CaptionOptions,
  type CaptionReport,
  captionMetrics,
  cocoMetrics,
  type Prediction,
  predictCaptions,
} from './captions';
export {
  type ChoiceOptions,
  type ChoicePrediction,
  type ChoiceReport,
  captionChoice,
  derangement,
} from './choice';
export {
  type Neighbour,
  type NeighbourOptions,
  pixelNearestNeighbour,
  pixelNearestNeighbours,
} from './nearest-neighbour';
export { type Picture, type PictureOptions, pictureBatches } from './pictures';
export { evalPlugin } from './plugin';
export { exactMatch, normalizeCaption, wordF1 } from './text-metrics';
