/** A class that was predicted, and the true one. */
export interface LabelItem {
  readonly id: string;
  readonly prediction: string;
  readonly label: string;
}

/** The share of right predictions, 0 to 1. */
export function accuracy(items: readonly LabelItem[]): number {
  return items.filter(({ prediction, label }) => prediction === label).length / items.length;
}

/**
 * F1 of the class `positive`: the harmonic mean of precision and recall, as GLUE has it for MRPC and QQP.
 *
 * @returns 0 to 1; 0 where it is undefined, as no item is or is said to be of the class
 */
export function f1(items: readonly LabelItem[], positive: string): number {
  const said = items.filter(({ prediction }) => prediction === positive).length;
  const labelled = items.filter(({ label }) => label === positive).length;
  const both = items.filter(({ prediction, label }) => prediction === positive && label === positive).length;
  return said + labelled === 0 ? 0 : (2 * both) / (said + labelled);
}

/**
 * Matthews' correlation of predicted and true classes, of any number of classes (Gorodkin, 2004), as GLUE has it for CoLA.
 *
 * @returns −1 to 1; 0 where it is undefined, as one side is always the same
 */
export function matthews(items: readonly LabelItem[]): number {
  const count = items.length;
  const classes = new Map<string, { said: number; true: number }>();
  const entry = (name: string) => {
    const known = classes.get(name) ?? { said: 0, true: 0 };
    classes.set(name, known);
    return known;
  };
  for (const { prediction, label } of items) {
    entry(prediction).said++;
    entry(label).true++;
  }
  let [products, squaresSaid, squaresTrue] = [0, 0, 0];
  for (const { said, true: real } of classes.values()) {
    products += said * real;
    squaresSaid += said ** 2;
    squaresTrue += real ** 2;
  }
  const right = items.filter(({ prediction, label }) => prediction === label).length;
  const spread = Math.sqrt((count ** 2 - squaresSaid) * (count ** 2 - squaresTrue));
  return spread === 0 ? 0 : (right * count - products) / spread;
}
