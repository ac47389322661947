/** Compiles the addon against the libtorch of this machine, unless that was done before. */
import { buildAddon, nativeStatus } from '@simvlm/backend-native';

console.error(nativeStatus().reason);
console.error(await buildAddon(line => console.error(line)));
