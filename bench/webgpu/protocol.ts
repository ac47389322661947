/** What is said to a contender and what it answers, between processes, pages and frames: plain JSON. */
const contenders = ['simvlm', 'composed', 'stack', 'jax-js', 'onnxruntime-web'] as const;
export type ContenderName = (typeof contenders)[number];

export interface Hello {
  readonly versions: Readonly<Record<string, string>>;
  /** The adapter as people call it. */
  readonly adapter: string;
}

export type Request =
  | { readonly train: { readonly from: number; readonly count: number } }
  | { readonly generate: { readonly rows: number; readonly tokens: number } }
  | { readonly memory: { readonly rows: number } }
  | { readonly remember: DecoderMemory }
  | { readonly logits: { readonly tokens: readonly number[] } }
  | { readonly multiply: { readonly extent: number } };

export interface Training {
  readonly losses: number[];
  /** One a step, as all here. */
  readonly milliseconds: number[];
  readonly launches: number[];
  /** Of all buffers of the device, since the contender started. */
  readonly peakBytes: number;
}

export interface Generation {
  readonly milliseconds: number;
  readonly launches: number;
  /** Of each row. */
  readonly tokens: number[][];
}

/** Keys and values `[B, H, M, d]` that the encoder made for each layer's cross-attention. */
export interface DecoderMemory {
  readonly rows: number;
  readonly keys: number[][];
  readonly values: number[][];
}

/** `[L, V]` of the first image: place i predicts token i, and has read those before it. */
export type Logits = number[];

/** Answers in the order of the questions. */
export interface Contender extends Hello {
  answer(request: Request): Promise<unknown>;
}
