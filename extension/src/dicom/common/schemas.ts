import { z } from 'zod';

/** The first value of an attribute that must have one. */
export const text = z
  .array(z.string())
  .min(1)
  .transform(([first]) => first);
export const number = z
  .array(z.number())
  .min(1)
  .transform(([first]) => first);
/** The first item of a sequence that must have one. */
export const single = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .min(1)
    .transform(items => items[0] as z.infer<T>);

/** The first thing that a schema found wrong, with where it is. */
export const issueOf = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return `${issue.path.join('.') || 'the data set'}: ${issue.message}`;
};
