export { type SourceFacts, sourceOf } from './source';
