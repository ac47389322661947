import type { Advice } from './advice';

/** Codes of data: pictures, captions and tokenizers. */
export const data = {
  DATA_INVALID: {
    means:
      'A data file, or a record in it, cannot be used: it is damaged, cut off, or not in the format that it was read as.',
    messages: [
      '…: its format is not recognised; name it ("format", or --format): …',
      '…: neither a picture nor a text',
      '…: the archive ends …; fetch it again',
      '…: the gzip file is cut off or damaged …; fetch it again',
      '…: "…" lies outside the folder',
      '… has changed since the place in it was saved; begin from the start',
    ],
    todo: 'The message names the file and the line or record. Fetch a file again that is cut off; correct or remove a bad record; name the format with `--format` if it was guessed wrongly. `simvlm data list` reads the whole source without training. See [data](data.md).',
  },
  DATA_NOT_FOUND: {
    means: 'A file, folder or address of data is not there or may not be read.',
    messages: [
      'there is no such file',
      'you may not read it (permission denied)',
      'cannot read …: …',
      '… holds no tar shards',
    ],
    todo: 'Check the path: paths are taken from the folder where you run the command, those in a configuration too. Check the rights of the file. Captions of a folder are in its `captions.jsonl`.',
  },
  CAPTION_EMPTY: {
    means: 'A caption, or a text to score, is empty or only spaces.',
    messages: ['…: the caption is empty', 'the text to score is empty'],
    todo: 'Write a caption for the example that the message names, or remove the example.',
  },
  IMAGE_UNREADABLE: {
    means: 'A picture is damaged, empty, or in a format that is not read here.',
    messages: [
      'the picture is empty (0 bytes)',
      'the picture … did not load',
      'this … picture cannot be decoded: …',
    ],
    todo: 'Open it in an image viewer and save it as PNG or JPEG. Training leaves out a few such pictures and lists them; replace or remove them if there are many.',
  },
  IMAGE_TOO_LARGE: {
    means: 'A picture has more pixels than are decoded, which protects the memory of the machine.',
    messages: ['the picture has … × … pixels; the limit is … pixels. Save a smaller copy and use that'],
    todo: 'Save a smaller copy: a model reads a few hundred pixels a side.',
  },
  TOKENIZER_INVALID: {
    means: 'A tokenizer file is damaged, of another kind, or lacks what was asked of it.',
    messages: [
      'not a usable tokenizer model: …',
      'not a usable tokenizer.json: …',
      'there is no tokenizer: no tokenizer.json, tokenizer.model or vocab.txt, and no vocab.json with merges.txt',
      '… is missing; vocab.json and merges.txt are one tokenizer together',
    ],
    todo: 'Give one of the files that the message lists, and fetch it again if it is damaged. [The tokenizer](tokenizer.md) says what is read.',
  },
  TOKENIZER_TRAINING: {
    means: 'A tokenizer cannot be trained on this text.',
    messages: ['there is no text to train a tokenizer on'],
    todo: 'Check that the files hold lines of text, and that they reach the command (`cat FILE | simvlm tokenizer train …`).',
  },
  TOKEN_OUT_OF_RANGE: {
    means: 'A token id is outside the vocabulary, or a piece is not in it.',
    messages: [
      'id … is outside the vocabulary; ids are whole numbers from 0 to …',
      '… is no piece of this tokenizer',
      '"…" is not an id of this model; give whole numbers from 0 to …',
    ],
    todo: 'Decode with the tokenizer that encoded. Ids of one tokenizer mean nothing to another.',
  },
  TEXT_TOO_LONG: {
    means: 'A text is too long to be encoded at once.',
    messages: ['a text of … characters is too long to encode at once (at most …); encode it line by line'],
    todo: 'Encode it line by line.',
  },
  SHAPE_MISMATCH: {
    means: 'Two tensors, or a tensor and a model, have shapes that do not fit together.',
    messages: [
      'collate: images must all be … × …, got … × …',
      'KvCache: … tokens do not fit a capacity of …',
    ],
    todo: 'In a program of your own, compare the two shapes that the message names. From a command this is a mistake in SimVLM: report it with the command.',
  },
} as const satisfies Record<string, Advice>;
