/** The names of the formats, as the command line and a configuration have them. */
export const FORMATS = [
  'webdataset',
  'parquet',
  'arrow',
  'csv',
  'tsv',
  'jsonl',
  'imagefolder',
  'coco',
  'karpathy',
  'vqav2',
  'nlvr2',
  'snli-ve',
  'flickr30k',
  'textcaps',
  'nocaps',
  'parallel',
  'glue',
] as const;

export type Format = (typeof FORMATS)[number];
