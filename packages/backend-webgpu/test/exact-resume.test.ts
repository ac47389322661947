import { describeExactResume } from '@simvlm/conformance';
import { describe, ready } from './node';

describe('training', () =>
  describeExactResume('webgpu', { ready, ways: ['recorded'], kinds: ['classifier'] }));
