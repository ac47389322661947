/**
 * The package layers: imports run downwards only, and a package may not import its neighbours on the same
 * layer, the lowest first. docs/architecture.md has the picture.
 */
const layers = require('./scripts/layers.json');
const source = names => `^packages/(${names.join('|')})/src/`;

const layerRules = layers.flatMap((names, layer) => {
  const above = layers.slice(layer + 1).flat();
  const rules = names.map(name => ({
    name: `no-neighbour-of-${name}`,
    comment: `${name} may not import another package of its own layer`,
    severity: 'error',
    from: { path: source([name]) },
    to: { path: `^packages/(${names.filter(other => other !== name).join('|') || '$never'})/` },
  }));
  if (above.length > 0) {
    rules.push({
      name: `layer-${layer}-imports-downwards`,
      comment: `layer ${layer} (${names.join(', ')}) may not import a layer above it`,
      severity: 'error',
      from: { path: source(names) },
      to: { path: `^packages/(${above.join('|')})/` },
    });
  }
  return rules;
});

module.exports = {
  forbidden: [
    ...layerRules,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'public-index-only',
      comment: 'a package reaches another only through its public entry points',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        path: '^packages/([^/]+)/src/',
        pathNot: ['^packages/$1/src/', '^packages/[^/]+/src/(index|node|browser|report)\\.ts$'],
      },
    },
    {
      name: 'core-has-no-dependency',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: ['\\.test\\.ts$', '^packages/core/src/node/'] },
      to: { pathNot: '^packages/core/src/' },
    },
    {
      name: 'core-node-has-no-dependency-but-node',
      severity: 'error',
      from: { path: '^packages/core/src/node/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^packages/core/src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'core-runs-without-node',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: ['\\.test\\.ts$', '^packages/core/src/node[./]'] },
      to: { path: '^packages/core/src/node[./]' },
    },
    {
      name: 'examples-use-public-packages',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^packages/[^/]+/src/', pathNot: '^packages/[^/]+/src/(index|node|browser|report)\\.ts$' },
    },
    {
      name: 'resolvable',
      // What ends in ?url is a file for Vite, whose build fails where it is missing.
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: 'generated/|\\?url$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '/assembly/', '/generated/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
