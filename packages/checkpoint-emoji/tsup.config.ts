import { packageBuild } from '../../tsup.config.base';

// The CommonJS build has no import.meta, from which the files are found; the shim gives it one.
export default packageBuild({ shims: true });
