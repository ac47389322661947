import { packageBuild } from '../../tsup.config.base';

// The CommonJS build has no import.meta, from which the data packages are resolved; the shim gives it one.
export default packageBuild({ shims: true });
