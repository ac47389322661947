import { writeAlbum } from './album';

const [folder = 'held-out', checkpoint = 'runs/mine'] = process.argv.slice(2);
console.log(await writeAlbum(folder, checkpoint));
