/** A use of the mask rule as a picture: # seen, . hidden; rows are queries, columns keys. */
export interface MaskPicture {
  readonly use: string;
  readonly keyLength: number;
  readonly prefixLength: number;
  readonly offset: number;
  readonly picture: readonly string[];
}

/** Drawn by hand from what each use means, not from the rule. */
export const maskPictures: readonly MaskPicture[] = [
  {
    // Everyone sees everyone who exists, in both directions; the last two places are padding.
    ...{ use: 'encoder', keyLength: 4, prefixLength: 4, offset: 0 },
    picture: [
      '####..', //
      '####..',
      '####..',
      '####..',
      '####..',
      '####..',
    ],
  },
  {
    // Each token sees itself and those before it; the last place is padding.
    ...{ use: 'decoder', keyLength: 4, prefixLength: 0, offset: 0 },
    picture: [
      '#....', //
      '##...',
      '###..',
      '####.',
      '####.',
    ],
  },
  {
    // Every text token sees the memory that exists, and only that.
    ...{ use: 'cross-attention', keyLength: 3, prefixLength: 3, offset: 0 },
    picture: [
      '###..', //
      '###..',
    ],
  },
  {
    // Two image tokens, one prefix token, three text tokens, one place of padding.
    ...{ use: 'decoder-only', keyLength: 6, prefixLength: 3, offset: 0 },
    picture: [
      '###....', //
      '###....',
      '###....',
      '####...',
      '#####..',
      '######.',
      '######.',
    ],
  },
  {
    // The fifth token was just written; the cache has room for three more.
    ...{ use: 'cached decoding', keyLength: 5, prefixLength: 0, offset: 4 },
    picture: ['#####...'],
  },
  {
    // Two tokens behind a prefix of three, the first at position 4.
    ...{ use: 'cached decoding, decoder-only', keyLength: 6, prefixLength: 3, offset: 4 },
    picture: [
      '#####...', //
      '######..',
    ],
  },
];
