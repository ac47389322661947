import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';

/** The machine that a figure belongs to. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
  };
}

/** The same in one line, with the version of Node. */
export function machineLine(): string {
  const { cpu, cores, memoryGiB, platform } = machine();
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${process.versions.node}`;
}

/** How the reader calls this program: from a checkout of the repository by its scripts, else by its name. */
export function programName(): string {
  return ['start', 'simvlm'].includes(process.env.npm_lifecycle_event ?? '')
    ? 'npx -y pnpm@10 simvlm'
    : 'simvlm';
}
