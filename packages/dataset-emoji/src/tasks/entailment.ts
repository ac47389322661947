import { balanced } from './balance';
import { type Concept, conceptReader } from './concepts';
import { withArticle } from './kinds';
import { pictureOf, type TaskExample, type TaskPictures } from './task-pictures';
import { type Nouns, readNouns } from './wordnet';

/** In the order of SNLI's files. */
const LABELS = ['entailment', 'neutral', 'contradiction'] as const;
type Label = (typeof LABELS)[number];

/** Of each hypothesis and label, at most: there are thousands of men and women. */
const MOST = { train: 250, val: 40, test: 40 };

/** What may be said of a picture. */
interface Hypothesis {
  readonly noun: string;
  /** `undefined` where it is not said of this picture. */
  readonly label: (concept: Concept) => Label | undefined;
}

/** What stands for the picture: itself, or its label as text (`fields.premise`), for the transfer from text to pictures. */
export type PremiseForm = 'pictures' | 'text';

/**
 * Visual entailment: a picture as the premise, `this is a cook` as the hypothesis, one of three labels.
 *
 * - entailment: WordNet has the hypothesis above what the picture shows, or it is that
 * - neutral: it may be so. The hypothesis is below what the picture shows (a bird, which may be an eagle), or says of a person what the picture
 *   leaves open: a plain person may be a cook, a cook may be a woman
 * - contradiction: neither is above the other
 *
 * Each hypothesis has each label equally often, so that it alone says nothing.
 */
export function entailment(
  { name, pictures, known, random }: TaskPictures,
  form: PremiseForm,
): TaskExample[] {
  const nouns = readNouns();
  const conceptOf = conceptReader(
    nouns,
    known.items.map(({ baseLabel }) => baseLabel.toLowerCase()),
  );
  const concepts = pictures.items.flatMap((item, index) => {
    const concept = conceptOf(item);
    return concept ? [{ item, index, concept }] : [];
  });
  return hypotheses(
    known.items.flatMap(item => conceptOf(item) ?? []),
    nouns,
  ).flatMap(({ noun, label }) => {
    const byLabel = new Map<Label, typeof concepts>(LABELS.map(each => [each, []]));
    for (const each of concepts) {
      const found = label(each.concept);
      if (found) byLabel.get(found)!.push(each);
    }
    return balanced(byLabel, random.fork(noun), MOST[name]).map(([own, { item, index }]): TaskExample => {
      const text = `this is ${withArticle(noun)}`;
      return {
        ...{ id: `${item.id} ${text}`, text },
        fields: { label: own, ...(form === 'text' && { premise: item.label }) },
        pictures: form === 'text' ? [] : [pictureOf(pictures, index)],
      };
    });
  });
}

/** What is said: genders, what is trained on, and what WordNet has above two or more of it. */
function hypotheses(shown: readonly Concept[], nouns: Nouns): Hypothesis[] {
  const nounOf = new Map(shown.flatMap(({ synset, noun }) => (synset ? [[synset, noun!] as const] : [])));
  const above = new Map([...nounOf.keys()].map(synset => [synset, nouns.above(synset)]));
  const person = nouns.senses('person')[0]!;
  const isPerson = (synset: string) => nouns.above(synset).has(person);
  const below = new Map<string, number>();
  for (const set of above.values()) for (const synset of set) below.set(synset, (below.get(synset) ?? 0) + 1);
  const shared = [...below].flatMap(([synset, count]) =>
    count > 1 && !nounOf.has(synset) && isPerson(synset) ? [synset] : [],
  );
  const categoryOf = (synset: string) => nouns.synsets.get(synset)!.category;
  return [
    ...(['man', 'woman'] as const).map(
      (noun): Hypothesis => ({
        noun,
        label: ({ gender }) =>
          gender && (gender === noun ? 'entailment' : gender === 'open' ? 'neutral' : 'contradiction'),
      }),
    ),
    ...[...nounOf.keys(), ...shared].map(
      (said): Hypothesis => ({
        noun: nounOf.get(said) ?? nouns.synsets.get(said)!.words[0]!,
        label({ synset }) {
          if (synset === undefined) return isPerson(said) ? 'neutral' : undefined;
          if (synset === said || above.get(synset)?.has(said)) return 'entailment';
          if (nouns.above(said).has(synset)) return 'neutral';
          return categoryOf(synset) === categoryOf(said) ? 'contradiction' : undefined;
        },
      }),
    ),
  ];
}
