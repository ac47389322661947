export { fileBytes, readRegularFile, type TextLine, textLines } from './files';
export { type CaptionLine, type FolderDataset, type FolderOptions, folderDataset } from './folder-dataset';
export { diskFile, diskFolder } from './readers/node/disk';
export { fileAt, folderAt, placeAt } from './readers/node/place';
