/** Our training as a whole process: `node train.mjs unigram|bpe|wordpiece|byte-bpe VOCAB_SIZE TEXT MODEL`. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as api from '@simvlm/tokenizer';

const [algorithm, vocabSize, textFile, modelFile] = process.argv.slice(2);
const trainers = {
  unigram: api.trainUnigram,
  bpe: api.trainBpe,
  wordpiece: api.trainWordPiece,
  'byte-bpe': api.trainByteBpe,
};
const train = trainers[algorithm];
if (!train) throw new Error(`@simvlm/tokenizer does not train ${algorithm} models`);
const lines = readFileSync(textFile, 'utf8').split('\n').slice(0, -1);
const sentencePiece = { normalization: 'nmt_nfkc', characterCoverage: 0.9995 };
const isSubword = algorithm === 'wordpiece' || algorithm === 'byte-bpe';
const tokenizer = await train(lines, { vocabSize: Number(vocabSize), ...(!isSubword && sentencePiece) });
writeFileSync(modelFile, isSubword ? api.writeSubwordJson(tokenizer.model) : tokenizer.save());
