import type { Of, T } from '../kernels/kernel';

/** What the attention kernels read. */
export type AttentionInputs = Of<'q' | 'k' | 'v' | 'keyLengths' | 'prefixLengths'> & { readonly bias?: T };
export type AttentionGradInputs = AttentionInputs & Of<'y' | 'lse' | 'dy'>;
