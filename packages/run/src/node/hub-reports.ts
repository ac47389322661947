import { bytesText } from '@simvlm/checkpoint/node';
import type { HubCheckpointOptions } from '@simvlm/pretrained/node';
import type { Reporter } from '../reporter';

/** What a person sees of a download from the hub: files and sizes beforehand, bytes as they come. */
export function hubReports(
  name: string,
  reporter: Reporter,
): Required<Pick<HubCheckpointOptions, 'onPlan' | 'onProgress' | 'onImport' | 'onOffline'>> {
  let bar: ReturnType<Reporter['bar']> | undefined;
  return {
    onPlan({ files, toFetch }) {
      const missing = files.filter(({ isCached }) => !isCached);
      if (missing.length === 0) return;
      const sizes = missing.map(({ path, size }) => `${path} ${bytesText(size)}`);
      reporter.note(`${name}: downloading ${bytesText(toFetch)}: ${sizes.join(', ')}`);
      bar = reporter.bar('downloaded MiB');
    },
    onProgress({ bytes, of }) {
      const inMiB = (count: number) => Math.ceil(count / 2 ** 20);
      bar?.update(inMiB(bytes), inMiB(of));
      if (bytes >= of) bar?.stop();
    },
    onOffline: why => reporter.warn(`${name} is as the cache has it: ${why}`),
    onImport: folder => reporter.note(`${name}: importing it once, into ${folder}`),
  };
}
