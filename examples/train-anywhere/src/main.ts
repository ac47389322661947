import { folderStorage } from '@simvlm/checkpoint/node';
import { train } from './train';

console.log(await train(folderStorage('runs/walls')));
