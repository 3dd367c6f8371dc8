/** Text of a VR that holds at most `length` characters and in which "\" parts values (LO, SH). */
export const clipped = (text: string, length: number): string => {
  // Control characters are not allowed in LO, SH and PN (PS3.5 6.2).
  const clean = text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replaceAll('\\', '/')
    .trim();
  return Array.from(clean).slice(0, length).join('').trim();
};

/**
 * A number as DS: at most 16 characters (PS3.5 6.2), as near to the number as they allow. Throws
 * on what is not finite.
 */
export function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} cannot be written as a decimal string`);
  const shortest = String(value);
  if (shortest.length <= 16) return shortest;
  for (let digits = 16; digits > 0; digits--) {
    const text = String(Number(value.toPrecision(digits)));
    if (text.length <= 16) return text;
  }
  return value.toExponential(8);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Minutes east of UTC of "+0200". */
export const minutesOfOffset = (offset: string): number | undefined => {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(offset.trim());
  if (!match) return undefined;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
};

/**
 * A moment (ISO 8601) as DA, TM and DT at an offset from UTC ("+0200"), to the millisecond. DT says
 * its offset; DA and TM are understood by TimezoneOffsetFromUTC.
 */
export function dicomMoment(
  iso: string,
  offset = '+0000',
): { date: string; time: string; dateTime: string } {
  const minutes = minutesOfOffset(offset) ?? 0;
  const local = new Date(new Date(iso).getTime() + minutes * 60000);
  const date = `${String(local.getUTCFullYear()).padStart(4, '0')}${two(local.getUTCMonth() + 1)}${two(local.getUTCDate())}`;
  const seconds = `${two(local.getUTCSeconds())}.${String(local.getUTCMilliseconds()).padStart(3, '0')}`;
  const time = `${two(local.getUTCHours())}${two(local.getUTCMinutes())}${seconds}`;
  return { date, time, dateTime: `${date}${time}${offset}` };
}

/** ISO 8601 in UTC of a DT with an offset; undefined when it is not one. */
export function isoOfDateTime(dateTime: string): string | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,6}))?([+-]\d{4})$/.exec(
    dateTime.trim(),
  );
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '0', offset] = match;
  const milliseconds = Math.round(Number(`0.${fraction}`) * 1000);
  const utc = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second, milliseconds);
  return new Date(utc - (minutesOfOffset(offset) ?? 0) * 60000).toISOString();
}
