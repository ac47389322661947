export {
  type ByteSource,
  blobBytes,
  byteSource,
  CHUNK_BYTES,
  type FileContent,
  memoryBytes,
  type Sliceable,
  wholeBytes,
} from './byte-source';
export { chunksOf, httpBytes, openHttpBytes } from './http-bytes';
export {
  BrokenReply,
  dataErrors,
  type HttpOptions,
  pause,
  request,
  type SourceErrors,
  shown,
} from './request';
