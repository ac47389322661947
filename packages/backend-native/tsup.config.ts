import { packageBuild } from '../../tsup.config.base';

export default packageBuild({ entry: ['src/index.ts', 'src/browser.ts'], platform: 'node', shims: true });
