import { opfsStorage } from '@simvlm/checkpoint/browser';
import { train } from './train';

document.body.append(JSON.stringify(await train(opfsStorage())));
