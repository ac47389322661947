export { bleu } from './captions/bleu';
export {
  type CaptionMetrics,
  type CaptionMetricsOptions,
  captionMetrics,
  tokeniseCaptions,
} from './captions/caption-metrics';
export { ciderD, type DocumentFrequencies, documentFrequencies } from './captions/cider-d';
export type { CaptionItem, TokenisedCaption } from './captions/item';
export type { Resources, Stage } from './captions/meteor/matches';
export { meteor, meteorVocabulary } from './captions/meteor/meteor';
export { type Paraphrases, readParaphrases } from './captions/meteor/paraphrases';
export { readWordNet, type WordNet } from './captions/meteor/wordnet';
export { rougeL } from './captions/rouge-l';
export { type BootstrapOptions, bootstrap, type Interval } from './interval';
export { checkItems, predictionProblem, textsProblem } from './items';
export { accuracy, f1, type LabelItem, matthews } from './labels/classification';
export { type NumberItem, pearson, spearman } from './labels/regression';
export { type MeanInterval, meanInterval } from './mean-interval';
export { captionTokens, ptbTokens } from './ptb/tokenize';
export { KINDS, type Kind, metricsReport, type Report, type ReportOptions } from './report/report';
export { meanScores, type Scores } from './scores';
export { captionSignatures, referenceCount, signature, translationSignature } from './signature';
export { type TranslationItem, translationBleu } from './translation/bleu';
export { tokens13a } from './translation/tokens-13a';
export { type AnswerItem, vqaAccuracy } from './vqa/accuracy';
export { normalisedAnswer } from './vqa/normalise';
