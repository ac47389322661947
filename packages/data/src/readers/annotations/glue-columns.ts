/** Where the columns of a task are. */
export interface GlueColumns {
  /** Fields of a line. */
  readonly count: number;
  /** The columns of one sentence, or of two. */
  readonly sentences: readonly number[];
  /** Absent in test files. */
  readonly label: number | undefined;
}

/** The names of sentences and labels in the headers of GLUE, the first that a header has. */
const PAIRS = [
  // STS-B, RTE, WNLI, MNLI.
  ['sentence1', 'sentence2'],
  // QQP.
  ['question1', 'question2'],
  // MRPC.
  ['#1 String', '#2 String'],
  // QNLI.
  ['question', 'sentence'],
] as const;
const LABELS = ['gold_label', 'label', 'Quality', 'is_duplicate', 'score'];

/** CoLA has no header: source, label, the author's mark, sentence. */
const COLA: GlueColumns = { count: 4, sentences: [3], label: 1 };

/** Whether it is a line of CoLA. */
export function isCola(fields: readonly string[]): boolean {
  return fields.length === COLA.count && /^[01]$/.test(fields[1]!) && /^\**$/.test(fields[2]!.trim());
}

/** The columns of a file by its first line; undefined where it is none of GLUE's. */
export function glueColumns(first: readonly string[]): GlueColumns | undefined {
  if (isCola(first)) return COLA;
  const names = PAIRS.find(pair => pair.every(name => first.includes(name))) ?? ['sentence'];
  const sentences = names.map(name => first.indexOf(name));
  if (sentences.includes(-1)) return undefined;
  const label = LABELS.map(name => first.indexOf(name)).find(column => column >= 0);
  return { count: first.length, sentences, label };
}

/**
 * Whether a table of tabs is of GLUE: by its header where that is like no other, else by the folder too, such as `CoLA/train.tsv`.
 *
 * @param path of the file
 * @param line the first
 */
export function isGlue(path: string, line: string): boolean {
  const fields = line.replace(/\r$/, '').split('\t');
  const columns = glueColumns(fields);
  if (!columns) return false;
  const isPair = columns.sentences.length === 2 && !isCola(fields);
  return isPair ? /^(index|id|Quality)$/.test(fields[0]!) : /(^|[/\\])(CoLA|SST-2)[/\\][^/\\]+$/i.test(path);
}
