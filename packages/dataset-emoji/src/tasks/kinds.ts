import type { EmojiItem } from '../items';

/** Which labels of which of Unicode's subgroups belong to a kind. */
interface KindRule {
  readonly subgroups: RegExp;
  /** What lies in these subgroups, too, and is another kind of thing. */
  readonly except?: RegExp;
}

const RULES = {
  face: { subgroups: /^face-(?!costume)/, except: /skull/ },
  person: { subgroups: /^(person|person-(gesture|role|fantasy|activity|sport|resting)|family)$/ },
  hand: { subgroups: /^(hand-(fingers|single).*|hands)$/ },
  animal: { subgroups: /^animal-/, except: /feather|^wing$|web|shell|coral|nose|microbe|hatching|paw/ },
  plant: { subgroups: /^plant-/, except: /nest|rosette/ },
  food: { subgroups: /^food-/, except: /cooking/ },
  vehicle: {
    subgroups: /^transport-(ground|water|air)$/,
    except:
      /motorway|track|drum|pump|wheel|light$|light traffic|traffic|sign|construction|bus stop|anchor|buoy|station|skate|parachute|seat|satellite/,
  },
  building: {
    subgroups: /^place-(building|religious)$/,
    except: /construction|brick|rock|wood|statue|kaaba/i,
  },
  clothing: { subgroups: /^clothing$/, except: /fan|lipstick|gem|pick|beads/ },
  clock: { subgroups: /^time$/, except: /hourglass|watch/ },
  flag: { subgroups: /^(country|subdivision)-flag$/ },
  sign: { subgroups: /^(transport-sign|warning|arrow|religion|zodiac|av-symbol|alphanum|keycap)$/ },
} as const satisfies Record<string, KindRule>;

/** What the picture of an emoji shows. */
export type Kind = keyof typeof RULES;

export const kinds = Object.keys(RULES) as readonly Kind[];

/** The kind of an emoji; `undefined` where Unicode's subgroups do not say it. */
export function kindOf({ subgroup, baseLabel }: Pick<EmojiItem, 'subgroup' | 'baseLabel'>): Kind | undefined {
  return kinds.find(kind => {
    const { subgroups, except }: KindRule = RULES[kind];
    return subgroups.test(subgroup) && !except?.test(baseLabel);
  });
}

/** `a face`, `an animal`, `food`. */
export function withArticle(noun: string): string {
  if (noun === 'food' || noun === 'clothing') return noun;
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}
