import { ConfigError, type ErrorCode, ImageError, isSimVlmError, type RgbImage } from '@simvlm/core';
import { type PictureJob, preparePicture } from '../picture-job';

/** To a worker. */
export interface JobMessage {
  readonly id: number;
  readonly job: PictureJob;
}

/** From a worker: that it is there, then a reply to each job. */
export type ReplyMessage =
  | { readonly ready: true }
  | { readonly id: number; readonly image: RgbImage }
  | { readonly id: number; readonly error: ErrorMessage };

/** An error on its way between threads, where classes and codes would be lost. */
interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly file?: string;
  readonly stack?: string;
}

/** The job with bytes of its own, to be transferred: the caller keeps the picture, in case the worker dies. */
export function toTransfer({ picture, ...rest }: PictureJob): [PictureJob, Transferable[]] {
  // Not `slice`: that of a Node Buffer copies nothing.
  if (picture instanceof Uint8Array) {
    const bytes = new Uint8Array(picture);
    return [{ picture: bytes, ...rest }, [bytes.buffer]];
  }
  const { width, height } = picture;
  const data = new Uint8Array(picture.data);
  return [{ picture: { width, height, data }, ...rest }, [data.buffer]];
}

export type Post = (message: ReplyMessage, transfer: ArrayBuffer[]) => void;

/** Jobs in work at a time: while one is decoded, on a thread of the decoder, the other is resized. */
const IN_WORK = 2;

/** What a worker does with its messages: one job after another, each with a reply. */
export function worker(post: Post): (message: JobMessage) => void {
  const waiting: JobMessage[] = [];
  let busy = 0;
  const work = async () => {
    busy++;
    for (let next = waiting.shift(); next; next = waiting.shift()) await reply(next, post);
    busy--;
  };
  return message => {
    waiting.push(message);
    if (busy < IN_WORK) void work();
  };
}

/** The job, and its reply, whose pixels are transferred. */
async function reply({ id, job }: JobMessage, post: Post): Promise<void> {
  try {
    const { width, height, data } = await preparePicture(job);
    const own = (data.byteLength === data.buffer.byteLength ? data : data.slice()) as Uint8Array<ArrayBuffer>;
    post({ id, image: { width, height, data: own } }, [own.buffer]);
  } catch (error) {
    post({ id, error: errorMessage(error as Error) }, []);
  }
}

function errorMessage(error: Error): ErrorMessage {
  const { name, message, stack } = error;
  const known = isSimVlmError(error);
  return {
    ...{ name, message },
    ...(known && { code: error.code }),
    ...(known && error.file !== undefined && { file: error.file }),
    ...(stack !== undefined && { stack }),
  };
}

/** The error as this thread would have thrown it. */
export function receivedError({ name, message, code, file, stack }: ErrorMessage): Error {
  if (code === undefined) return Object.assign(new Error(message), { name, ...(stack && { stack }) });
  const Class = name === 'ConfigError' ? ConfigError : ImageError;
  return new Class(code, message, file === undefined ? {} : { file });
}
