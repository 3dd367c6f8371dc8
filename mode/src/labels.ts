/** The mode's own texts. Names of the host's tools are the host's keys, which it translates. */
const TEXTS = {
  en: {
    mode: 'AI reading',
    noImages: 'This mode reads images: the study has none.',
    feedback: 'AI feedback',
    accept: 'AI: accept finding',
    reject: 'AI: reject finding',
    reopen: 'AI: re-open finding',
    next: 'AI: next unreviewed finding',
    toggle: 'AI: hide or show',
    store: 'AI: store results in the archive',
  },
  uk: {
    mode: 'Читання з ШІ',
    noImages: 'Цей режим читає зображення, а в дослідженні їх немає.',
    feedback: 'Оцінка знахідок ШІ',
    accept: 'ШІ: підтвердити знахідку',
    reject: 'ШІ: відхилити знахідку',
    reopen: 'ШІ: повернути знахідку на розгляд',
    next: 'ШІ: наступна нерозглянута знахідка',
    toggle: 'ШІ: сховати або показати',
    store: 'ШІ: зберегти результати в архіві',
  },
};

export type Labels = (typeof TEXTS)['en'];

/**
 * Texts in the host's language: the query's `lng`, else what the host's language detector has
 * kept, else the browser's own. Read anew at each call; a mode cannot hear of a change.
 */
export function labels(): Labels {
  const language =
    new URLSearchParams(window.location.search).get('lng') ??
    window.localStorage.getItem('i18nextLng') ??
    window.navigator.language;
  return language.toLowerCase().startsWith('uk') ? TEXTS.uk : TEXTS.en;
}
