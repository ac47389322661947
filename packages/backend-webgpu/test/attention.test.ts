import { describeAttention } from '@simvlm/conformance';
import { ready } from './node';

describeAttention('webgpu', ready);
