/**
 * Where the files of this package are: `file:` URLs in Node, and in browsers what a bundler makes of `new URL(…, import.meta.url)`.
 */
const at = (path: string) => new URL(`../${path}`, import.meta.url);

/** The folder that the command line takes as `--checkpoint`. */
export const checkpointFolder: URL = at('checkpoint/');

/** The pictures that the samples are of, and `captions.json`, which says what each shows. */
export const samplesFolder: URL = at('samples/');
