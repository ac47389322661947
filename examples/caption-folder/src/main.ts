import { captionFolder } from './caption-folder';

const [folder = 'inbox', checkpoint = 'runs/mine'] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
await captionFolder(folder, checkpoint, stop.signal);
