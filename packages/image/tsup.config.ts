import { packageBuild } from '../../tsup.config.base';

export default packageBuild({
  // The workers are files of their own, beside the index that starts them.
  entry: {
    index: 'src/index.ts',
    'node-worker': 'src/workers/node-worker.ts',
    'browser-worker': 'src/workers/browser-worker.ts',
  },
  dts: { entry: { index: 'src/index.ts' } },
  splitting: true,
  shims: true,
});
