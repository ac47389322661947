import doubt from '@simvlm/checkpoint-emoji/checkpoint/doubt.json?url';
import model from '@simvlm/checkpoint-emoji/checkpoint/model.json?url';
import run from '@simvlm/checkpoint-emoji/checkpoint/run.json?url';
import tokenizer from '@simvlm/checkpoint-emoji/checkpoint/tokenizer.model?url';
import weights from '@simvlm/checkpoint-emoji/checkpoint/weights.safetensors?url';
import card from '@simvlm/checkpoint-emoji/README.md?url';

/** Where the files of the shipped checkpoint are, by their names. */
export const shippedAddresses: Readonly<Record<string, string>> = {
  'model.json': model,
  'run.json': run,
  'doubt.json': doubt,
  'tokenizer.model': tokenizer,
  'README.md': card,
  'weights.safetensors': weights,
};
