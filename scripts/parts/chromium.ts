/** Chromium, as the tests start it: without a window, and with a graphics card made of software, so that they need no GPU. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** What `CHROMIUM` names, else the first of the usual names on the path, else where Debian has it. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CHROMIUM) return env.CHROMIUM;
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  const files = NAMES.flatMap(name => folders.map(folder => join(folder, name)));
  return files.find(isProgram) ?? '/usr/bin/chromium';
}

/** Switches for a machine without a GPU, as root, on a closed network. */
export const softwareArgs: readonly string[] = [
  ...['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  ...['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--no-first-run',
];

/** Chromium's Vulkan driver in software, which Debian's package brings. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** The variable that has WebGPU in Node compute in software; none where `VK_ICD_FILENAMES` names a driver, or there is no such driver. */
export function softwareDriver(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const isMine = env.VK_ICD_FILENAMES === undefined && existsSync(SWIFTSHADER);
  return isMine ? { VK_ICD_FILENAMES: SWIFTSHADER } : {};
}

/** Sets that variable in this process. To be called before Dawn starts. */
export function takeSoftwareDriver(): void {
  Object.assign(process.env, softwareDriver());
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
