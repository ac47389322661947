import { describeParity, goldenNames } from '@simvlm/conformance';
import { ready } from './node';

// Without the one of parity.test.ts, which also runs in Chromium: on the processor, shaders take seconds to compile.
describeParity('webgpu', { ready, names: goldenNames.filter(name => name !== 'encoder-decoder-conv') });
