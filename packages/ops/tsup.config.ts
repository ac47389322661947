import { packageBuild } from '../../tsup.config.base';

// Found when the package is used: see `imports` in package.json.
export default packageBuild({ external: ['#gradients'] });
