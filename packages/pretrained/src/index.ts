export { type GenerationDefaults, type SourceFacts, sourceOf } from './source';
