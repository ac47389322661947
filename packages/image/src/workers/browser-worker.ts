/** The thread of a pool in a browser. */
import { type JobMessage, type Post, reply } from './messages';

const post: Post = (message, transfer) => postMessage(message, { transfer });
addEventListener('message', ({ data }: MessageEvent<JobMessage>) => reply(data, post));
post({ ready: true }, []);
