/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Size of the shipped weights. */
  readonly WEIGHTS_BYTES: number;
}
