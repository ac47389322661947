/** `node-worker.ts` for a checkout that runs from its sources: a worker has no loader of its own. A built package has the compiled file here. */
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register({ tsconfig: fileURLToPath(new URL('../../../../tsconfig.json', import.meta.url)) });
await import('./node-worker.ts');
