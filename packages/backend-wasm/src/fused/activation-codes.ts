import type { Activation } from '@simvlm/ops';

/** Activations as the kernels number them (assembly/lib/activations.ts). */
export const CODES = { gelu: 0, 'gelu-erf': 1, 'quick-gelu': 2 } as const satisfies Record<
  Exclude<Activation, 'none'>,
  number
>;
