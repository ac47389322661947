/** The thread of a pool in a browser. */
import { type JobMessage, type Post, worker } from './messages';

const post: Post = (message, transfer) => postMessage(message, { transfer });
const take = worker(post);
addEventListener('message', ({ data }: MessageEvent<JobMessage>) => take(data));
post({ ready: true }, []);
