/** The files of a checkpoint that all of SimVLM knows. */
export const FILES = {
  /** Configuration of the model. */
  model: 'model.json',
  /** Classes and passes of a classifier on top of the model. */
  classifier: 'classifier.json',
  /** Steps, seconds and data position of a training. */
  trainer: 'trainer.json',
  /** A SentencePiece tokenizer. */
  tokenizer: 'tokenizer.model',
  /** A tokenizer of another kind, and its settings. */
  tokenizerJson: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  /** Configuration of the run. */
  run: 'run.json',
  /** How the model tells what it does not know. */
  doubt: 'doubt.json',
  /** Where an imported model came from. */
  source: 'source.json',
} as const;

/** The tensors of a checkpoint: each name stands for one safetensors file, or for shards with an index. */
export const TENSORS = {
  /** For use: averaged ones, where an average is kept. */
  weights: 'weights',
  /** The weights in training, where `weights` are averaged ones. */
  trained: 'trained',
  /** Moments of the optimiser. */
  optimizer: 'optimizer',
} as const;
