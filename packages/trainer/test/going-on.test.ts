import { describeGoingOn } from './describe-going-on';
import { useBackend } from './tiny';

describeGoingOn('cpu', () => useBackend('cpu'));
describeGoingOn('wasm', () => useBackend('wasm'));
