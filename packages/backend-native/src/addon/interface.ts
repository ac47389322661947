/** A tensor inside the addon: a positive whole number that is never used twice while the tensor lives. */
export type Handle = number;

/** An operator of ATen's dispatcher, found once: a whole number ≥ 0. */
export type OperatorId = number;

/** Numbers of `c10::ScalarType`. */
export const scalarType = {
  uint8: 0,
  int8: 1,
  int32: 3,
  int64: 4,
  float32: 6,
  float64: 7,
  complex64: 9,
  bool: 11,
  bfloat16: 15,
} as const;
export type ScalarType = (typeof scalarType)[keyof typeof scalarType];

/** Where a tensor lives: −1 the CPU, n ≥ 0 the n-th CUDA device. */
export type DeviceIndex = number;

/**
 * An argument of an operator, converted by the operator's schema: a handle where the schema wants a tensor (or an array of handles or
 * nulls for lists of them), a number or boolean for scalars, an array of numbers for `int[]`, a string, `null` for an
 * absent optional; `undefined` takes the schema's default. A device is a DeviceIndex, a dtype a ScalarType.
 */
export type Argument = Handle | boolean | string | null | undefined | readonly (number | null | boolean)[];

/** What an operator returns, by its schema: handles for tensors, numbers and booleans for scalars; several in an array. */
export type Returned = Handle | boolean | null | (Handle | boolean | null | Handle[])[];

/** Bytes in use. */
export interface NativeMemory {
  /** Handles that were not freed. */
  readonly handles: number;
  /** Bytes of the storages that handles keep alive; a storage that several share counts once. */
  readonly bytes: number;
  /** Of the CUDA allocator: bytes in tensors, bytes reserved from the driver; 0 without CUDA. */
  readonly deviceBytes: number;
  readonly deviceReserved: number;
  /** The most that each of the two has been since the process began. */
  readonly devicePeak: number;
  readonly devicePeakReserved: number;
}

/** How the CPU computes. */
export interface CpuInfo {
  readonly threads: number;
  /** The instructions that ATen's own code uses: `AVX2`, `AVX512`, `NO AVX`. */
  readonly capability: string;
  /** What multiplies matrices: `MKL 2024.2`, `OpenBLAS for Zen on OpenMP`; empty where only ATen's own loops do. */
  readonly blas: string;
  /** The version of oneDNN; empty without it. */
  readonly oneDnn: string;
}

/**
 * What the compiled addon exports. Every function throws an `Error` whose message is ATen's first line and whose `code` is
 * `'OUT_OF_MEMORY'` (with `requested` bytes where ATen says it), `'CUDA'` or `'ATEN'`; the process goes on.
 */
export interface NativeAddon {
  /** Version of the libtorch that is loaded, such as `1.13.1`. */
  readonly torchVersion: string;
  /** Whether it was built with CUDA. */
  readonly builtWithCuda: boolean;
  /** CUDA devices that work now, by name; empty without a driver. */
  cudaDevices(): string[];
  cpuInfo(): CpuInfo;
  setThreads(threads: number): void;
  threads(): number;
  /**
   * Whether the CPU's products and convolutions may use oneDNN, for the whole process; true at first. Without it bfloat16 takes the
   * code that ATen has for processors that oneDNN's bfloat16 does not support.
   */
  setOneDnn(enabled: boolean): void;
  /** Seeds every generator of ATen. */
  seed(value: number): void;

  /** Finds an operator, such as `('aten::add', 'Tensor')`; −1 when this libtorch has none. */
  operator(name: string, overload: string): OperatorId;
  /** The operator's schema, for messages and tests. */
  schema(operator: OperatorId): string;
  /** Runs an operator; arguments in the order of the schema, missing ones at the end take their defaults. */
  call(operator: OperatorId, args: readonly Argument[]): Returned;

  /** A tensor with a copy of `data`, contiguous. */
  create(data: ArrayBufferView, shape: readonly number[], dtype: ScalarType, device: DeviceIndex): Handle;
  /** The numbers of a tensor, row-major, in its own dtype; waits for the device. */
  readSync(tensor: Handle): ArrayBuffer;
  /** The same without blocking the event loop while a device still computes. */
  read(tensor: Handle): Promise<ArrayBuffer>;
  /** Fills `into`, of the tensor's own dtype, with the numbers from number `begin` on; waits for the device. */
  readInto(tensor: Handle, begin: number, into: ArrayBufferView): void;
  /** Overwrites a tensor's numbers in place (also one that a captured graph reads). */
  write(tensor: Handle, data: ArrayBufferView): void;
  shape(tensor: Handle): number[];
  dtype(tensor: Handle): ScalarType;
  device(tensor: Handle): DeviceIndex;
  /** Another handle to the same tensor. */
  alias(tensor: Handle): Handle;
  free(tensor: Handle): void;
  /** Whether another tensor, such as a view, or another handle has the same memory. */
  isShared(tensor: Handle): boolean;

  memory(): NativeMemory;
  /** Waits until a device has done all that was asked of it. */
  synchronize(device: DeviceIndex): void;
  /** Gives cached device memory back to the driver. */
  emptyCache(): void;

  /** CUDA graphs; they throw on the CPU. A graph is a whole number. */
  graphBegin(device: DeviceIndex): number;
  graphEnd(graph: number): void;
  graphReplay(graph: number): void;
  graphFree(graph: number): void;

  /**
   * Joins the other processes of a group, through process 0 at `host:port`: Gloo where `device` is the CPU, NCCL on CUDA.
   * Gives the group's number once all `size` of them are there; rejects after `timeout` milliseconds, which is also how
   * long its collectives wait. Every process asks for the same collectives, in the same order.
   */
  groupJoin(
    host: string,
    port: number,
    rank: number,
    size: number,
    timeout: number,
    device: DeviceIndex,
    launcherListens: boolean,
  ): Promise<number>;
  /**
   * The sums of tensors over the processes, as new ones: the same numbers in each, bit for bit.
   *
   * @param compressed whether they travel, and are added up, as bfloat16
   */
  groupAllReduce(group: number, tensors: readonly Handle[], compressed: boolean): Promise<Handle[]>;
  /** The tensors of process `from`, as new ones. Those of the others say how many numbers come. */
  groupBroadcast(group: number, tensors: readonly Handle[], from: number): Promise<Handle[]>;
  /** Leaves; what the others ask for from now on fails there. */
  groupLeave(group: number): void;
}
