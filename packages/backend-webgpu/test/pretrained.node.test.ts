import { describePretrained } from '@simvlm/conformance/node';
import { describe, ready } from './node';

// One folder of each kind: on the processor, shaders take seconds to compile.
describe('imported captioners', () =>
  describePretrained('webgpu', {
    ready,
    names: ['git', 'blip-large-float16', 'blip-vqa', 'vit-gpt2-wide-sharded'],
    logits: 5e-4,
    searches: 1,
  }));
