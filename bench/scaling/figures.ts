/** What the arithmetic of `pnpm scaling` starts from. */

export type ModelName = 'base' | 'large' | 'huge';
/** A picture with its text, or a text alone. */
export type RowKind = 'pair' | 'document';

/** Bytes that a row adds to the peak of a forward and backward pass in bfloat16. */
export interface Activations {
  readonly kept: number;
  /** With `checkpointBlocks`. */
  readonly checkpointed: number;
}

/** What was measured on a machine, and what with: `results/scaling.json`. */
export interface Measured {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Of text in a row of each kind, to which all rows of its batch are padded. */
  readonly tokens: Readonly<Record<RowKind, number>>;
  readonly activations: Readonly<Record<ModelName, Readonly<Record<RowKind, Activations>>>>;
  readonly data: DataPlane;
  readonly checkpoint: CheckpointSpeed;
}

export interface DataPlane {
  /** Pictures that one process reads, decodes, crops and collates in a second; it uses about one core for it. */
  readonly picturesPerSecond: number;
  /** Of the processor, for each second of that. */
  readonly cores: number;
  /** A picture file as measured: 640 × 480, JPEG. */
  readonly bytesOfPicture: number;
}

export interface CheckpointSpeed {
  /** What one process writes and syncs in a second. */
  readonly bytesPerSecond: number;
  readonly bytes: number;
}

/** Of the machine to be reckoned with. Vendor's figures and assumptions: each can be given on the command line. */
export interface Cluster {
  /** Floating-point operations a second of a GPU in bfloat16, at its peak. */
  readonly flops: number;
  /** Share of that peak that training reaches. */
  readonly utilisation: number;
  /** Bytes of a GPU. */
  readonly memory: number;
  /** Bytes a second between a GPU and its own memory. */
  readonly memoryBandwidth: number;
  readonly gpusPerNode: number;
  /** Bytes a second that a GPU sends to others of its node. */
  readonly linkBandwidth: number;
  /** Bytes a second that a GPU sends to other nodes. */
  readonly networkBandwidth: number;
}

/** What is trained: the paper's recipe unless told otherwise. */
export interface Recipe {
  readonly steps: number;
  readonly rows: Readonly<Record<RowKind, number>>;
  readonly tokens: Readonly<Record<RowKind, number>>;
}
