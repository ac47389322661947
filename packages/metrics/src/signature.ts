import { version } from '../package.json';

/**
 * How a number was computed, in the manner of sacrebleu: `key:value` pairs that two people can compare before they compare numbers.
 *
 * ```
 * signature({ nrefs: '5', tok: 'ptb-3.4.1' })   nrefs:5|tok:ptb-3.4.1|version:simvlm-0.1.0
 * ```
 */
export function signature(facts: Readonly<Record<string, string>>): string {
  return [...Object.entries(facts), ['version', `simvlm-${version}`]].map(pair => pair.join(':')).join('|');
}

/** How many references the items have: `5`, or `var` where that differs. */
export function referenceCount(items: readonly { readonly references: readonly unknown[] }[]): string {
  const counts = new Set(items.map(({ references }) => references.length));
  return counts.size === 1 ? `${[...counts][0]}` : 'var';
}

/** What BLEU of translations is made of; see `translationBleu`. */
export function translationSignature(references: string): string {
  return signature({ nrefs: references, case: 'mixed', eff: 'no', tok: '13a', smooth: 'exp' });
}

/** What the caption metrics are made of; see `CaptionMetrics` for the names. */
export function captionSignatures(references: string, corpus = 'own'): Readonly<Record<string, string>> {
  const base = { nrefs: references, case: 'lc', tok: 'ptb-3.4.1' };
  const bleu = signature({ ...base, len: 'closest', smooth: 'none' });
  const meteor = { ...base, norm: 'yes', meteor: '1.5-en-rank' };
  return {
    ...{ bleu1: bleu, bleu2: bleu, bleu3: bleu, bleu4: bleu },
    rougeL: signature({ ...base, beta: '1.2' }),
    ciderD: signature({ ...base, n: '4', sigma: '6', df: corpus }),
    meteorExactStemSynonym: signature({ ...meteor, stages: 'exact+stem+synonym', wordnet: '3.0' }),
    meteor: signature({ ...meteor, stages: 'exact+stem+synonym+paraphrase', wordnet: '3.0' }),
  };
}
