import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { triplet } from './blas';
import { libtorchIn } from './libtorch';
import type { Libtorch, Machine } from './machine';
import { prefixes, sitePackages } from './places';

export interface NotFound {
  readonly found: false;
  /** One line for every kind of place that was tried. */
  readonly reasons: readonly string[];
}

export const INSTALL_HINT =
  'pip install torch, or apt-get install libtorch-dev libopenblas0-openmp, or set SIMVLM_LIBTORCH to a libtorch folder';

/** Variables that name a libtorch, first one first. */
const VARIABLES = ['SIMVLM_LIBTORCH', 'LIBTORCH', 'Torch_DIR'] as const;

/**
 * Finds a libtorch: the one that the user names, else Python's or the system's. On a machine with a GPU one with CUDA
 * comes before one without.
 */
export function locateLibtorch(machine: Machine = thisMachine()): Libtorch | NotFound {
  for (const name of VARIABLES) {
    const given = machine.env[name];
    if (!given) continue;
    // Torch_DIR names CMake's folder inside: <libtorch>/share/cmake/Torch.
    const folder = name === 'Torch_DIR' ? resolve(given, '../../..') : resolve(given);
    // Who names a folder means it: another libtorch in its place would be a surprise.
    return (
      libtorchIn(folder, machine.triplet, name) ?? {
        ...{ found: false, reasons: [`${name}=${given}: no libtorch with headers in ${folder}`] },
      }
    );
  }

  const pythons = sitePackages(machine).map(folder => join(folder, 'torch'));
  const systems = prefixes(machine);
  const candidates = [...pythons, ...systems].flatMap(folder => libtorchIn(folder, machine.triplet) ?? []);
  const reasons = [
    `no torch with headers in ${pythons.length} Python folders`,
    `no libtorch with headers in ${systems.join(', ')}`,
  ];
  if (candidates.length === 0) {
    // A Python in an unusual place knows best itself; asking takes a while, so it comes last.
    for (const command of ['python3', 'python']) {
      const folder = machine.askPython(command);
      const found = folder && libtorchIn(folder, machine.triplet, command);
      if (found) return found;
      reasons.push(folder ? `${command}: torch in ${folder} has no headers` : `${command}: no torch`);
    }
  }
  const withCuda = machine.hasGpu ? candidates.find(({ cuda }) => cuda !== null) : undefined;
  return withCuda ?? candidates[0] ?? { found: false, reasons };
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  return {
    env: process.env,
    home: homedir(),
    root: '',
    triplet,
    hasGpu: existsSync('/dev/nvidia0') || existsSync('/dev/dxg'), // dxg: the GPU in WSL
    askPython,
  };
}

function askPython(command: string): string | null {
  // Looking the package up is quick; importing it would take seconds.
  const program = 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])';
  try {
    const answer = execFileSync(command, ['-c', program], {
      ...{ encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] },
    });
    return answer.trim() || null;
  } catch {
    return null; // no such command, or no torch in it
  }
}
