import type { SimVlmConfig } from '../config';
import { type Cost, keeping, linear, sum } from './cost';

type Sizes = Pick<SimVlmConfig, 'width' | 'mlp'>;

/** Queries and keys of all heads, scores and their mixture: q·kᵀ and p·v. Places that a mask hides are computed too. */
function mix(queries: number, keys: number, width: number): Cost {
  return { flops: 4 * queries * keys * width, kept: queries * width };
}

/** The stream and what its norm makes of it. */
function joint(rows: number, width: number): Cost {
  return keeping(2 * rows * width);
}

function feed(rows: number, { width, mlp }: Sizes): Cost {
  // Of the hidden layer what goes into the activation, and what comes out.
  return sum(joint(rows, width), linear(rows, width, mlp, 2 * rows * mlp), linear(rows, mlp, width));
}

/**
 * A block of self-attention and MLP over `tokens`, of which the last `rest` go on: the last block of a decoder-only stack gives the text alone.
 */
export function selfBlockCost(tokens: number, sizes: Sizes, rest = tokens): Cost {
  const { width } = sizes;
  return sum(
    joint(tokens, width),
    linear(rest, width, width),
    linear(tokens, width, 2 * width),
    mix(rest, tokens, width),
    linear(rest, width, width),
    feed(rest, sizes),
  );
}

/** A block that also attends to a memory. @param memory its places, and their width */
export function crossBlockCost(
  tokens: number,
  memory: { readonly places: number; readonly width: number },
  sizes: Sizes,
): Cost {
  const { width } = sizes;
  return sum(
    joint(tokens, width),
    linear(tokens, width, 3 * width),
    mix(tokens, tokens, width),
    linear(tokens, width, width),
    joint(tokens, width),
    linear(tokens, width, width),
    linear(memory.places, memory.width, 2 * width),
    mix(tokens, memory.places, width),
    linear(tokens, width, width),
    feed(tokens, sizes),
  );
}
