import { packageBuild } from '../../tsup.config.base';

export default packageBuild({ entry: ['src/index.ts', 'src/node.ts', 'src/report.ts'], splitting: true });
