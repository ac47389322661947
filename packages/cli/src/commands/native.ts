import { buildAddon, nativeStatus } from '@simvlm/backend-native';
import { BackendError } from '@simvlm/core';
import { exitCode } from '../exit-code';
import { duration, Terminal } from '../terminal';

/** `simvlm native build`: compiles the addon against the libtorch of this machine, or says what is missing. */
export async function nativeBuild(): Promise<number> {
  const terminal = new Terminal();
  const before = nativeStatus();
  if (!before.found) throw new BackendError('BACKEND_UNAVAILABLE', before.reason);
  terminal.note(before.reason);
  for (const line of before.leftOut) terminal.note(line);
  if (before.built) {
    terminal.note(`built already: ${before.file}`);
    return exitCode.ok;
  }
  const start = Date.now();
  const file = await buildAddon(line =>
    line.startsWith('once more') ? terminal.warn(line) : terminal.live(line),
  );
  terminal.note(`built in ${duration((Date.now() - start) / 1000)}: ${file}`);
  return exitCode.ok;
}
