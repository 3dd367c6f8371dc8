import { z } from 'zod';
import type { CodedConcept } from '../../core/findings/types';

/**
 * What others write, read forgivingly: a value that is missing, empty or of the wrong kind is
 * absent, more values than one are read as far as they make sense. What must be there to show
 * anything is asked for with `common/schemas`.
 */

const list = <T extends z.ZodType>(item: T) => z.array(item).catch([]);

/** The first value that is not empty. */
export const anyText = list(z.string())
  .optional()
  .transform(values => values?.map(value => value.trim()).find(value => value !== ''));

export const anyTexts = list(z.string())
  .optional()
  .transform(values => (values ?? []).map(value => value.trim()).filter(value => value !== ''));

/** A person's name as it is read: its first group of components. */
export const anyName = anyText.transform(name => name?.split('=').find(group => group !== ''));

/** All values, if each is a number. */
export const anyNumbers = list(z.number())
  .optional()
  .transform(values =>
    values && values.length > 0 && values.every(Number.isFinite) ? values : undefined,
  );

export const anyNumber = anyNumbers.transform(values => values?.[0]);

/** The items of a sequence; none where it is absent. */
export const anyItems = <T extends z.ZodType>(item: T) =>
  list(item)
    .optional()
    .transform(items => (items ?? []) as Array<z.infer<T>>);

/** The first item of a sequence, if it has one. */
export const anyItem = <T extends z.ZodType>(item: T) =>
  anyItems(item).transform(items => items[0] as z.infer<T> | undefined);

const codeItem = z.object({
  CodeValue: anyText,
  LongCodeValue: anyText,
  URNCodeValue: anyText,
  CodingSchemeDesignator: anyText,
  CodeMeaning: anyText,
});

/** The first item that has a code; one without a meaning is called by its value. */
export const anyCode = anyItems(codeItem).transform((items): CodedConcept | undefined => {
  for (const item of items) {
    const value = item.CodeValue ?? item.LongCodeValue ?? item.URNCodeValue;
    if (value === undefined) continue;
    return {
      value,
      scheme: item.CodingSchemeDesignator ?? '',
      meaning: item.CodeMeaning ?? value,
    };
  }
  return undefined;
});

export const anyReference = z.object({
  ReferencedSOPClassUID: anyText,
  ReferencedSOPInstanceUID: anyText,
  ReferencedFrameNumber: anyNumbers,
  ReferencedSegmentNumber: anyNumbers,
});
