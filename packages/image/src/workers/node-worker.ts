/** The thread of a pool in Node. */
import { parentPort } from 'node:worker_threads';
import { shareCoresWithOthers } from '../decode-with-sharp';
import { type Post, worker } from './messages';

const post: Post = (message, transfer) => parentPort!.postMessage(message, transfer);
parentPort!.on('message', worker(post));
void shareCoresWithOthers().then(() => post({ ready: true }, []));
