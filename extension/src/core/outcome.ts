/**
 * Expected refusals are values, not exceptions: a study that a model must not run on, an archive
 * that answers 503, a disk that is full. Exceptions are kept for broken invariants.
 */
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** Values that a message is filled with. Keys are the placeholders of `refusal.<code>` in locales. */
export type RefusalValues = Record<string, string | number>;

/**
 * Why something was not done.
 *
 * `code` is stable and is the key of the translated message (`refusal.<code>`); `values` fills its
 * placeholders with what was met and what was allowed; `message` is the same sentence in English,
 * for logs, the command line and tests.
 */
export interface Refusal {
  code: string;
  values: RefusalValues;
  message: string;
}

export const accept = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const refusal = (code: string, message: string, values: RefusalValues = {}): Refusal => ({
  code,
  values,
  message,
});

export const refuse = (
  code: string,
  message: string,
  values: RefusalValues = {},
): Outcome<never> => ({
  ok: false,
  refusal: refusal(code, message, values),
});
