/** Our training as a whole process: `node train.mjs unigram|bpe VOCAB_SIZE TEXT MODEL`. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as api from '@simvlm/tokenizer';

const [algorithm, vocabSize, textFile, modelFile] = process.argv.slice(2);
const train = { unigram: api.trainUnigram, bpe: api.trainBpe }[algorithm];
if (!train) throw new Error(`@simvlm/tokenizer does not train ${algorithm} models`);
const lines = readFileSync(textFile, 'utf8').split('\n').slice(0, -1);
const options = { vocabSize: Number(vocabSize), normalization: 'nmt_nfkc', characterCoverage: 0.9995 };
writeFileSync(modelFile, (await train(lines, options)).save());
