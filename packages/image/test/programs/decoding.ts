/** What a page decodes pictures with, for tests in a browser. */
export { decodeImage } from '../../src/decode-image';
export { drawnImage } from '../../src/drawn-image';
