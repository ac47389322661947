import { trainUnigram } from '../src/index';
import { describeTrained } from './sentencepiece';

describeTrained('unigram', trainUnigram, [
  ['nmt_nfkc', false, false],
  ['nfkc_cf', true, true],
  ['identity', false, true],
]);
