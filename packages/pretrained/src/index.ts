export { pretrainedContents } from './export';
export {
  type ImportedModel,
  type ImportOptions,
  importedContents,
  openPretrained,
} from './import';
export { type SourceFacts, sourceOf } from './source';
