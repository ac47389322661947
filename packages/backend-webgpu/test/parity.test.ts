import { describeParity } from '@simvlm/conformance';
import { describe, ready } from './node';

describe('conformance', () => describeParity('webgpu', { ready, names: ['encoder-decoder-conv'] }));
