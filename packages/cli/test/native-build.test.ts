import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ended, startSimvlm } from './fixture';

let folder: string;
const file = (path: string, text = '') => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};

/** A libtorch with CUDA whose headers are not all there, and a compiler that obeys. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-native-build-'));
  file('torch/include/ATen/core/dispatch/Dispatcher.h');
  file('torch/include/torch/headeronly/version.h', '#define TORCH_VERSION "2.14.1"\n');
  for (const name of ['TCPStore', 'ProcessGroupNCCL'])
    file(`torch/include/torch/csrc/distributed/c10d/${name}.hpp`);
  file('torch/include/cuda_runtime_api.h');
  file('torch/include/crt/host_config.h');
  file('torch/version.py', "cuda: Optional[str] = '77.0'\n");
  for (const name of ['torch_cpu', 'torch_cuda', 'c10']) file(`torch/lib/lib${name}.so`);
  const compiler = file(
    'compiler',
    '#!/bin/sh\nfor a in "$@"; do [ "$previous" = -o ] && echo made > "$a"; previous=$a; done\n',
  );
  chmodSync(compiler, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

test.skipIf(process.platform !== 'linux')(
  'native build says what the addon is built without, each time, and what adds it',
  async () => {
    const build = async () => {
      const child = startSimvlm(['native', 'build'], {
        ...{ SIMVLM_LIBTORCH: join(folder, 'torch'), CXX: join(folder, 'compiler') },
        ...{ XDG_CACHE_HOME: folder, CUDA_HOME: '', CUDA_PATH: '' },
      });
      let printed = '';
      for (const stream of [child.stdout, child.stderr]) stream!.on('data', chunk => void (printed += chunk));
      expect(await ended(child), printed).toBe(0);
      return printed;
    };
    const lack =
      "NCCL is left out, as nccl.h and nv/target not found: pip install 'cuda-toolkit[cccl]==77.0.*' nvidia-nccl-cu77,";
    const first = await build();
    expect(first).toContain('libtorch 2.14.1 with CUDA 77.0');
    expect(first).toContain(lack);
    expect(first).toMatch(/built in .*: .*simvlm_native\.node/);
    const second = await build();
    expect(second).toContain(lack);
    expect(second).toContain('built already');
  },
);
