import { trainBpe } from '../src/index';
import { describeTrained } from './sentencepiece';

describeTrained('BPE', trainBpe, [
  ['nfkc', false, true],
  ['nmt_nfkc_cf', true, false],
  ['identity', true, true],
]);
