/** What the kernel shows of a GPU that Vulkan reaches: Mesa's drivers, NVIDIA's, WSL's, Mali's, Adreno's. */
const GPU_FILE = /^(dri|nvidia\d+|dxg|mali\d+|kgsl-3d\d+)$/;

/**
 * Whether this is Node on Linux without any device file of a GPU. `false` where one cannot tell: in browsers, on other systems.
 *
 * @param list the names in a folder
 */
export function isWithoutGpuFiles(list: (folder: string) => string[] = listFolder): boolean {
  if (typeof process === 'undefined' || process.platform !== 'linux') return false;
  try {
    return !list('/dev').some(name => GPU_FILE.test(name));
  } catch {
    // A sandbox may hide the folder; then the driver has to say.
    return false;
  }
}

/** Without an import that a bundler for browsers would follow. */
function listFolder(folder: string): string[] {
  return process.getBuiltinModule('node:fs').readdirSync(folder);
}
