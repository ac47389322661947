import { describeOps } from '@simvlm/conformance';
import { ready } from './node';

describeOps('webgpu', ready);
