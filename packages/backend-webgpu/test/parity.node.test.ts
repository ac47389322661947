import { describeParity, goldenNames } from '@simvlm/conformance';
import { describe, ready } from './node';

// Without the one of parity.test.ts, which also runs in Chromium: on the processor, shaders take seconds to compile.
describe('conformance', () =>
  describeParity('webgpu', { ready, names: goldenNames.filter(name => name !== 'encoder-decoder-conv') }));
