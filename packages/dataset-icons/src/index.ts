export { RULES, type Rule } from './left-out';
export { PACKAGES } from './packages';
export { iconsPlugin } from './plugin';
export {
  type IconProgress,
  type IconReport,
  type PreparedIcons,
  type PrepareIconsOptions,
  prepareIcons,
} from './prepare';
export { type IconSourceOptions, iconSource } from './source';
