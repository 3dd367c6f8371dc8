import i18next, { type i18n } from 'i18next';
import type { Refusal, RefusalValues } from '../core/outcome';
import { UNKNOWN_READER } from '../core/review/types';
import { ARCHIVE_REASONS, archiveReason } from './archiveReasons';
import { localizeValue } from './values';
import { PLAIN_UNITS, VOLUME_UNITS, unitKey } from './units';
import enUS from './en-US.json';
import uk from './uk.json';

export const LOCALES = ['en-US', 'uk'] as const;
export type Locale = (typeof LOCALES)[number];

/** Text by language (BCP 47); `en` is always there. */
export type LocalizedText = Record<string, string> & { en: string };

/** The locale nearest to a host's language: `en*` and anything unknown is en-US, `uk*` is uk. */
export function localeOf(language: string | undefined): Locale {
  return /^uk\b/i.test(language ?? '') ? 'uk' : 'en-US';
}

export interface Texts {
  locale: Locale;
  /** The text of a key; numbers among the values are written as the locale writes them. */
  t(key: string, values?: RefusalValues): string;
  has(key: string, values?: RefusalValues): boolean;
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** Whole percent. */
  percent(value: number): string;
  /** The size of a file, in the unit that keeps it short. */
  bytes(value: number): string;
  /** A length of time, from whole seconds or minutes. */
  duration(seconds: number): string;
  /** A value with its UCUM unit code, rounded as a reader needs it. */
  quantity(value: number, unitCode: string, unitMeaning: string): string;
  /** Day and time of an ISO 8601 instant, short. */
  dateTime(iso: string): string;
  /** Time of day of an ISO 8601 instant. */
  time(iso: string): string;
  /** A manifest's own text in this language, else in English. */
  own(text: LocalizedText): string;
  /** A DICOM PersonName as it is written for people; the unknown reader's in this language. */
  person(name: string): string;
  /**
   * A refusal in this language: the manifest's own message (`values["message.<language>"]`) where
   * it has one, then our text of its code, then its English message.
   */
  refusal(refusal: Refusal): string;
  /** Why an archive refused an object or warned of it, as an acknowledgement has it. */
  archiveReason(reason: string): string;
  /** What `Notifier.info` says. */
  info(code: string, values?: RefusalValues): string;
}

function createInstance(): i18n {
  const instance = i18next.createInstance();
  void instance.init({
    resources: { 'en-US': { translation: enUS }, uk: { translation: uk } },
    fallbackLng: 'en-US',
    supportedLngs: [...LOCALES],
    initAsync: false,
    showSupportNotice: false,
    returnNull: false,
    // React escapes; what i18next would escape a second time reads "&amp;".
    interpolation: { escapeValue: false },
  });
  return instance;
}

/** Refusals whose reason is an archive's. */
const ofArchive: ReadonlySet<string> = new Set(['archiveRefusedInstances', 'archiveWarned']);

const instance = createInstance();
const cache = new Map<Locale, Texts>();

/** Texts and formats for a host's language. The same object each time for the same locale. */
export function textsFor(language: string | undefined): Texts {
  const locale = localeOf(language);
  let texts = cache.get(locale);
  if (!texts) {
    texts = createTexts(locale);
    cache.set(locale, texts);
  }
  return texts;
}

function createTexts(locale: Locale): Texts {
  const translate = instance.getFixedT(locale);
  const number: Texts['number'] = (value, options) =>
    Number.isFinite(value)
      ? new Intl.NumberFormat(locale, { maximumFractionDigits: 3, ...options }).format(value)
      : '—';

  const formatted = (values: RefusalValues = {}): RefusalValues =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) =>
        // i18next chooses the plural form by `count`, so it must stay a number.
        name === 'count' || typeof value === 'string' ? [name, value] : [name, number(value)],
      ),
    );
  const has: Texts['has'] = (key, values) =>
    instance.exists(key, { lng: locale, count: Number(values?.count ?? 0) });

  const t: Texts['t'] = (key, values) => translate(key, formatted(values));

  const duration: Texts['duration'] = seconds => {
    const [value, unit] = seconds < 90 ? [seconds, 'second'] : [seconds / 60, 'minute'];
    return number(Math.max(1, Math.round(value)), { style: 'unit', unit, unitDisplay: 'short' });
  };

  const bytes: Texts['bytes'] = value => {
    const units = ['kilobyte', 'megabyte', 'gigabyte'];
    const thousands = Math.max(1, value / 1000);
    const step = Math.min(units.length - 1, Math.floor(Math.log10(thousands) / 3));
    const amount = thousands / 1000 ** step;
    return number(amount, {
      style: 'unit',
      unit: units[step],
      unitDisplay: 'short',
      maximumFractionDigits: step > 0 && amount < 100 ? 1 : 0,
    });
  };

  const instant = (iso: string, options: Intl.DateTimeFormatOptions): string => {
    const date = new Date(iso);
    return Number.isNaN(date.getTime())
      ? ''
      : new Intl.DateTimeFormat(locale, options).format(date);
  };

  const quantity: Texts['quantity'] = (value, unitCode, unitMeaning) => {
    if (!Number.isFinite(value)) {
      return '—';
    }
    if (unitCode === '%') {
      return number(value / 100, { style: 'percent', maximumFractionDigits: 1 });
    }
    const digits = digitsOf(value, unitCode);
    const amount = number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const key = unitKey(unitCode);
    const unit = key ? t(key) : unitMeaning || unitCode;
    return unit && unitCode !== '1' ? `${amount}\u00a0${unit}` : amount;
  };

  return {
    locale,
    t,
    has,
    number,
    percent: value => number(value / 100, { style: 'percent', maximumFractionDigits: 0 }),
    bytes,
    duration,
    quantity,
    dateTime: iso => instant(iso, { dateStyle: 'medium', timeStyle: 'short' }),
    time: iso => instant(iso, { timeStyle: 'medium' }),
    own: text => text[locale] ?? text[locale.split('-')[0]] ?? text.en,
    person: name => (name === UNKNOWN_READER ? t('person.unknown') : personName(name)),
    refusal: ({ code, values, message }) => {
      const given = values[`message.${locale}`] ?? values[`message.${locale.split('-')[0]}`];
      const key = `refusal.${code}`;
      if (given !== undefined || 'message.en' in values || !has(key, values)) {
        return String(given ?? message);
      }
      const localized = Object.entries(values).map(([name, value]) => {
        if (typeof value !== 'string') return [name, value];
        return ofArchive.has(code) && ARCHIVE_REASONS.has(name)
          ? [name, archiveReason(value, { t, has })]
          : [name, localizeValue(name, shortened(value), { t, has })];
      });
      return t(key, Object.fromEntries(localized));
    },
    archiveReason: reason => archiveReason(reason, { t, has }),
    info: (code, values) => t(`info.${code}`, values),
  };
}

/** Decimals that still mean something: a 2431.07 mL lung is 2431 mL, a 0.42 mL nodule is not 0. */
function digitsOf(value: number, unitCode: string): number {
  const magnitude = Math.abs(value);
  if (VOLUME_UNITS.has(unitCode)) {
    return magnitude === 0 || magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2;
  }
  if (unitCode === '1' && (Number.isInteger(value) || magnitude < 1)) {
    return Number.isInteger(value) ? 0 : 2;
  }
  return PLAIN_UNITS.has(unitCode) || magnitude >= 100 ? 0 : 1;
}

/** A SHA-256 is told apart by its first digits; the whole of it is in the English message. */
const shortened = (value: string): string =>
  /^[0-9a-f]{64}$/i.test(value) ? `${value.slice(0, 12)}…` : value;

/** PersonName (PS3.5 6.2.1.1): Family^Given^Middle^Prefix^Suffix; groups are split by "=". */
function personName(name: string): string {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = name
    .split('=')[0]
    .split('^')
    .map(part => part.trim());
  return [prefix, given, middle, family, suffix].filter(Boolean).join(' ');
}
