import type { ErrorCode } from '../../src/error-codes';
import type { Advice } from './advice';
import { data } from './data';
import { machine } from './machine';
import { models } from './models';
import { requests } from './requests';

/** The parts of docs/errors.md, each with its codes. */
export const parts: Readonly<Record<string, Readonly<Partial<Record<ErrorCode, Advice>>>>> = {
  'Requests and training': requests,
  'Pictures, captions and tokenizers': data,
  'Weights, checkpoints and the hub': models,
  'Disk, memory and backends': machine,
};
