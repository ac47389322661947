/** Pictures by EmojiOne (CC-BY-4.0), the artist that the shipped model has never seen; credited in About. */
const files = import.meta.glob<string>('../../../../../docs/pictures/emojione/*.png', {
  query: '?url',
  import: 'default',
  eager: true,
});

export interface Sample {
  /** What the picture shows, which is also its caption. */
  readonly name: string;
  readonly file: string;
  readonly url: string;
}

/** The emoji data set's captions, where they are more than the file's name. */
const captions: Record<string, string> = {
  'family-man-woman-boy-boy.png': 'family: man, woman, boy, boy',
  'pisces.png': 'Pisces',
};

/** The order in which they are offered; the others follow. */
const first = [
  'pig-face',
  'yellow-heart',
  'telephone-receiver',
  'peanuts',
  'person-juggling',
  'pisces',
  'computer-disk',
];

export const samples: readonly Sample[] = Object.entries(files)
  .map(([path, url]) => {
    const file = path.slice(path.lastIndexOf('/') + 1);
    return { file, url, name: captions[file] ?? file.replace('.png', '').replaceAll('-', ' ') };
  })
  .sort((a, b) => rank(a) - rank(b));

function rank({ file }: Sample): number {
  const place = first.indexOf(file.replace('.png', ''));
  return place < 0 ? first.length : place;
}

export async function readSample({ url }: Sample): Promise<Blob> {
  return (await fetch(url)).blob();
}
