import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Features, featuresOf } from '../src/addon/features';
import { compileFlags, definitions } from '../src/addon/flags';

let root: string;
let packages: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'simvlm-features-'));
  packages = join(root, 'site-packages');
  // The toolkits of the machine that runs the tests do not count.
  vi.stubEnv('CUDA_HOME', undefined);
  vi.stubEnv('CUDA_PATH', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const file = (path: string, text = '') => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const torch = (...headers: string[]) => {
  for (const name of ['TCPStore', 'ProcessGroupGloo', ...headers])
    file(`site-packages/torch/include/torch/csrc/distributed/c10d/${name}.hpp`);
};
/** CUDA's headers in a folder, of a version that no toolkit has. */
const cuda = (folder: string, names: readonly string[], version = '77000') => {
  for (const name of names) file(`${folder}/${name}`);
  file(`${folder}/cuda.h`, `#define CUDA_VERSION ${version}\n`);
};
const nvidia = 'site-packages/nvidia/cu77/include';
const triton = 'site-packages/triton/backends/nvidia/include';
const features = (version: string | null = '77.0', hasGpu = false): Features =>
  featuresOf(
    { cuda: version, includeDirs: [join(packages, 'torch/include'), join(root, nvidia)] },
    hasGpu,
    [],
  );

test('a build for the CPU: Gloo, whose headers the package has itself', () => {
  expect(definitions(features(null))).toEqual([]);
  torch('ProcessGroupNCCL');
  expect(definitions(features(null))).toEqual(['-DUSE_C10D_GLOO']);
});

test('pip’s build with CUDA: what its wheels lack comes from Triton, which pip installs with it', () => {
  torch('ProcessGroupNCCL');
  cuda(nvidia, ['cuda_runtime_api.h', 'nccl.h']);
  cuda(triton, ['cuda_runtime_api.h', 'crt/host_config.h']);
  const found = features();
  expect(definitions(found)).toEqual(['-DSIMVLM_CUDA', '-DUSE_C10D_GLOO']);
  expect(found.includeDirs).toEqual([join(root, triton)]);
  expect(found.leftOut).toEqual([
    "NCCL is left out, as nv/target not found: pip install 'cuda-toolkit[cccl]==77.0.*', or set CUDA_HOME to a CUDA toolkit",
  ]);
});

test('the wheels that have the rest make it whole', () => {
  torch('ProcessGroupNCCL');
  cuda(nvidia, ['cuda_runtime_api.h', 'nccl.h', 'crt/host_config.h', 'nv/target']);
  cuda(triton, ['crt/host_config.h']);
  const found = features();
  expect(definitions(found)).toEqual(['-DSIMVLM_CUDA', '-DUSE_C10D_GLOO', '-DUSE_C10D_NCCL']);
  expect(found).toMatchObject({ includeDirs: [], leftOut: [] });
});

test('a toolkit makes it whole, before Triton; one of another major version does not count', () => {
  torch('ProcessGroupNCCL');
  cuda(nvidia, ['cuda_runtime_api.h', 'nccl.h']);
  cuda(triton, ['crt/host_config.h']);
  cuda('toolkit/include', ['crt/host_config.h', 'nv/target'], '76020');
  vi.stubEnv('CUDA_HOME', join(root, 'toolkit'));
  expect(features()).toMatchObject({ nccl: false, includeDirs: [join(root, triton)] });
  cuda('toolkit/include', [], '77010');
  expect(features()).toMatchObject({ nccl: true, includeDirs: [join(root, 'toolkit/include')] });
});

test('without CUDA’s headers: an obstacle where there is a GPU, else a build for the CPU', () => {
  torch('ProcessGroupNCCL');
  cuda(nvidia, ['cuda_runtime_api.h']);
  const lack =
    /crt\/host_config\.h of CUDA 77\.0 not found: pip install 'cuda-toolkit\[crt,cccl\]==77\.0\.\*' /;
  expect(features('77.0', true).obstacle).toMatch(lack);
  const found = features('77.0', false);
  expect(found.obstacle).toBeUndefined();
  expect(definitions(found)).toEqual(['-DUSE_C10D_GLOO']);
  expect(found.leftOut).toEqual([expect.stringMatching(/^CUDA is left out, as there is no GPU and crt/)]);
});

test('headers are searched in libtorch’s folders first, in those of this package last', () => {
  torch();
  cuda(nvidia, ['cuda_runtime_api.h']);
  cuda(triton, ['crt/host_config.h']);
  const includeDirs = [join(packages, 'torch/include'), join(root, nvidia)];
  const libtorch = {
    found: true,
    version: '2.14.1',
    cuda: '77.0',
    cxx11Abi: true,
    source: 'a test',
  } as const;
  const flags = compileFlags({ ...libtorch, includeDirs, libDirs: [], libs: [] }, features(), ['/node']);
  const searched = flags.filter((_, i) => flags[i - 1] === '-isystem');
  expect(searched).toEqual([...includeDirs, join(root, triton), '/node']);
});
