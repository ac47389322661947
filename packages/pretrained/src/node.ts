export { openPretrainedFolder } from './node/open-folder';
