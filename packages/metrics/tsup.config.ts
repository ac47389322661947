import { packageBuild } from '../../tsup.config.base';

// The CommonJS build has no import.meta, from which the data file is found; the shim gives it one.
export default packageBuild({ entry: ['src/index.ts', 'src/node.ts'], shims: true });
