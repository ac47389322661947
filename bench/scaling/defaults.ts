import type { Cluster, Recipe } from './figures';

/** The paper's pretraining: 4,096 pairs and 512 documents a step. Texts of alt texts' length, and documents as long as the model reads. */
export const paper: Recipe = {
  steps: 1e6,
  rows: { pair: 4096, document: 512 },
  tokens: { pair: 64, document: 256 },
};

/** NVIDIA's H200 SXM by its data sheet, eight in a machine, each with one network card of 400 Gbit/s. */
export const h200: Cluster = {
  flops: 989e12,
  utilisation: 0.3,
  memory: 141e9,
  memoryBandwidth: 4.8e12,
  gpusPerNode: 8,
  // 900 GB/s are both directions together.
  linkBandwidth: 450e9,
  networkBandwidth: 50e9,
};
