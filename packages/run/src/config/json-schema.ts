import * as z from 'zod';
import { runSchema } from './schema';

/** The JSON Schema of a run configuration, as `schema.json` of this package has it: editors complete and check by it. */
export function runJsonSchema(): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(runSchema, { io: 'input', target: 'draft-7' });
}
