import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { manifestJsonSchema } from '../../extension/src/core/model/jsonSchema';

/** Writes models/model.schema.json from the zod schema: `npx tsx tests/golden/make_schema.ts`. */
const target = path.resolve(__dirname, '../../models/model.schema.json');
writeFileSync(target, `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
process.stdout.write(`${target}\n`);
