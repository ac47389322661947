import { describeParity } from '@simvlm/conformance';
import { ready } from './node';

describeParity('webgpu', { ready, names: ['encoder-decoder-conv'] });
