export { readRegularFile, type TextLine, textLines } from './files';
export { type CaptionLine, type FolderDataset, type FolderOptions, folderDataset } from './folder-dataset';
