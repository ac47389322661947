/** A libtorch that can be compiled and linked against. */
export interface Libtorch {
  readonly found: true;
  /** Such as `2.6.0`. */
  readonly version: string;
  /** Version of CUDA that it was built with, such as `12.4`; null without CUDA, `?` where it does not say. */
  readonly cuda: string | null;
  readonly includeDirs: readonly string[];
  readonly libDirs: readonly string[];
  /** Names for `-l`. */
  readonly libs: readonly string[];
  /** Whether it was built with the C++11 ABI of libstdc++; many wheels before 2.7 were not. */
  readonly cxx11Abi: boolean;
  /** What led to it, for people: `SIMVLM_LIBTORCH`, a folder, `python3`. */
  readonly source: string;
}

/** What locating reads from the machine; tests give their own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** In front of the system's folders; `''` but for tests. */
  readonly root: string;
  /** Debian's name of the machine, such as `x86_64-linux-gnu`. */
  readonly triplet: string;
  readonly hasGpu: boolean;
  /** Folder of a Python's package `torch`, by asking that Python; null when it has none. */
  readonly askPython: (command: string) => string | null;
}
