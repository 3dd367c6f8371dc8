import { z } from 'zod';
import { manifestSchema } from './manifest';

/** The part of JSON Schema (draft 2020-12) that zod writes for objects, arrays and unions. */
const nodeSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
});
type Node = z.infer<typeof nodeSchema>;

/**
 * JSON Schema of `model.json` as an author writes it (fields with defaults may be left out), for
 * editors and other validators. Rules between fields are checked by `parseManifest` only.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-2020-12' });
  return {
    $schema: schema.$schema,
    title: 'Second Reader model package, version 1',
    ...schema,
  };
}

const asNode = (value: unknown): Node | undefined => {
  const parsed = nodeSchema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
};

/** A union's branches that a value's constant properties (its discriminator) fit. */
function branches(node: Node, value: unknown): Node[] {
  const options = [...(node.oneOf ?? []), ...(node.anyOf ?? [])].map(asNode).filter(x => !!x);
  if (options.length === 0) {
    return [node];
  }
  const record = typeof value === 'object' && value !== null ? (value as object) : {};
  const fitting = options.filter(option =>
    Object.entries(option.properties ?? {}).every(([key, property]) => {
      const constant = z.looseObject({ const: z.unknown() }).safeParse(property);
      const isConstant = constant.success && constant.data.const !== undefined;
      return (
        !isConstant ||
        Object.entries(record).some(([k, v]) => k === key && v === constant.data.const)
      );
    }),
  );
  return (fitting.length > 0 ? fitting : options).flatMap(option => branches(option, value));
}

/** The keys that the schema allows at a path of a document. */
export function propertiesAt(json: unknown, path: ReadonlyArray<PropertyKey>): string[] {
  let nodes = [asNode(manifestJsonSchema())].filter(node => node !== undefined);
  let value = json;
  for (const part of path) {
    const here = value;
    nodes = nodes
      .flatMap(node => branches(node, here))
      .map(node =>
        asNode(
          typeof part === 'number'
            ? (node.prefixItems?.[part] ?? node.items)
            : node.properties?.[String(part)],
        ),
      )
      .filter(node => node !== undefined);
    value =
      typeof here === 'object' && here !== null
        ? (here as Record<PropertyKey, unknown>)[part]
        : undefined;
  }
  const keys = nodes
    .flatMap(node => branches(node, value))
    .flatMap(node => Object.keys(node.properties ?? {}));
  return [...new Set(keys)];
}
