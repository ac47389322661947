/** Sentences as long as captions of photographs are, ten words or so. */
export const CAPTIONS = [
  'A man in a red shirt rides a bicycle along a busy street.',
  'Two dogs play with a yellow ball on the grass.',
  'A bowl of fruit stands on a wooden table near the window.',
  'Several people wait for the train on a crowded platform.',
  'A small child in a blue coat looks at the sea.',
  'A white horse stands behind the fence of a green field.',
  'A plate with a sandwich, some salad and a glass of water.',
  'An old clock hangs on the brick wall above the door.',
] as const;

/** The same in another language, line by line. */
export const TRANSLATIONS = [
  'Ein Mann in einem roten Hemd fährt mit dem Fahrrad eine belebte Straße entlang.',
  'Zwei Hunde spielen auf dem Gras mit einem gelben Ball.',
  'Eine Schale mit Obst steht auf einem Holztisch am Fenster.',
  'Mehrere Menschen warten auf einem vollen Bahnsteig auf den Zug.',
  'Ein kleines Kind in einer blauen Jacke schaut auf das Meer.',
  'Ein weißes Pferd steht hinter dem Zaun einer grünen Wiese.',
  'Ein Teller mit einem Brot, etwas Salat und einem Glas Wasser.',
  'Eine alte Uhr hängt an der Backsteinwand über der Tür.',
] as const;

export const QUESTIONS = [
  'What color is the shirt of the man?',
  'How many dogs are there?',
  'Is the bowl full of fruit?',
  'What are the people waiting for?',
] as const;

/** One of a list, over and over. */
export function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length]!;
}
