export { type CaptionLine, type FolderDataset, type FolderOptions, folderDataset } from './folder-dataset';
