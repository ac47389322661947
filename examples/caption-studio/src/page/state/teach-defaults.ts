import type { TeachSettings } from '../../engine/engine';

/** How the page teaches where the visitor changes nothing. */
export const defaults: TeachSettings = { learningRate: 3e-4, batchSize: 8, steps: 100, seed: 1 };
