import { packageBuild } from '../../tsup.config.base';

// The CommonJS build has no import.meta, from which the shipped recipes are found; the shim gives it one.
export default packageBuild({
  entry: ['src/index.ts', 'src/node.ts', 'src/report.ts'],
  splitting: true,
  shims: true,
});
