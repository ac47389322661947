/** Whether there is a libtorch for which the native addon compiles and loads; with the argument `gloo`, whether processes can talk. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { loadAddon, nativeStatus } from '../../../packages/backend-native/src/addon/index';
import { fail } from './fail';

const [what] = process.argv.slice(2);
if (!nativeStatus().found) fail('no libtorch with headers is here');
try {
  const addon = await loadAddon();
  if (what === 'gloo') {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise(resolve => server.close(resolve));
    // A group of one.
    addon.groupLeave(await addon.groupJoin('127.0.0.1', port, 0, 1, 10_000, -1, false));
  }
} catch (error) {
  fail(error);
}
process.exit(0);
