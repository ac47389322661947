import type { ConfigObject } from '../config/config-object';
import { unsupported } from '../invalid';
import { blip, blipVqa } from './blip';
import type { Family } from './family';
import { git } from './git';
import { vitGpt2 } from './vit-gpt2';

export const families: readonly Family[] = [git, blip, blipVqa, vitGpt2];

/** The family of a model. @throws CheckpointError CHECKPOINT_MISMATCH when it is none that is known */
export function familyOf(config: ConfigObject): Family {
  const type = config.string('model_type');
  const ofType = families.filter(({ modelType }) => modelType === type);
  const named = config.strings('architectures');
  const family =
    named.length === 0
      ? ofType[0]
      : ofType.find(({ architectures }) => named.some(name => architectures.includes(name)));
  if (family) return family;
  const known = families.map(each => each.name).join(', ');
  const what =
    ofType.length > 0
      ? `its architecture is ${named.join(', ')}`
      : `its model_type is ${JSON.stringify(type)}`;
  throw unsupported(`${config.where}: ${what}; models that can be imported: ${known}`);
}
