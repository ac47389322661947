/** Writes the pages that are made from the sources, into docs/generated, which git does not keep. */
import { rmSync } from 'node:fs';
import { root } from '../pages';
import { writeApi } from './api';
import { writeSources } from './sources';

const out = `${root}docs/generated`;
rmSync(out, { recursive: true, force: true });
writeSources(out);
await writeApi(`${out}/api`);
