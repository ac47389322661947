/** What a part of a forward pass costs a row. */
export interface Cost {
  /** Floating-point operations of its matrix products and convolutions: a multiplication and an addition are two. */
  readonly flops: number;
  /** Numbers that are kept for the backward pass, such as what a linear map reads. */
  readonly kept: number;
}

export const nothing: Cost = { flops: 0, kept: 0 };

export function sum(...costs: readonly Cost[]): Cost {
  return {
    flops: costs.reduce((total, { flops }) => total + flops, 0),
    kept: costs.reduce((total, { kept }) => total + kept, 0),
  };
}

export function times(count: number, { flops, kept }: Cost): Cost {
  return { flops: count * flops, kept: count * kept };
}

/** Values that are made without a product, and kept. */
export function keeping(count: number): Cost {
  return { flops: 0, kept: count };
}

/** A linear map of so many rows. @param kept of what it gives; a sum keeps what it adds, as tfjs has it */
export function linear(rows: number, inputs: number, outputs: number, kept = rows * outputs): Cost {
  return { flops: 2 * rows * inputs * outputs, kept };
}
