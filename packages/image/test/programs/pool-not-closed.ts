/** Leaves a pool open: the worker must neither keep the process alive nor be cut off in its work. */
import { openPicturePool } from '../../src/index';

const picture = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3) };
openPicturePool({ workers: 1 })
  .prepare({ picture, transform: { size: 8 } })
  .then(({ width, height }) => console.log(`done ${width} x ${height}`));
