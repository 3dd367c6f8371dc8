import { refuse } from '../core/outcome';
import { localeOf, textsFor } from '.';

const refusalOf = (...parts: Parameters<typeof refuse>) => {
  const outcome = refuse(...parts);
  if (outcome.ok) {
    throw new Error('refuse accepted');
  }
  return outcome.refusal;
};
const en = textsFor('en-GB');
const uk = textsFor('uk-UA');
const spaced = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

it.each([
  ['en', 'en-US'],
  ['en-GB', 'en-US'],
  ['uk', 'uk'],
  ['uk-UA', 'uk'],
  ['ukx', 'en-US'],
  ['fr', 'en-US'],
  [undefined, 'en-US'],
])('%s is read in %s', (language, locale) => {
  expect(localeOf(language)).toBe(locale);
});

it('writes Ukrainian plurals', () => {
  const waiting = [1, 2, 5, 11, 21, 22].map(count => uk.t('panel.stored.pending', { count }));
  expect(waiting.map(text => text.split(' ')[1])).toEqual([
    'об’єкт',
    'об’єкти',
    'об’єктів',
    'об’єктів',
    'об’єкт',
    'об’єкти',
  ]);
  expect(uk.t('engine.wasm-threads', { count: 2 })).toBe('WASM, 2 потоки');
});

it('rounds quantities to what a reader uses', () => {
  const volume = (value: number) => spaced(en.quantity(value, 'mL', 'milliliter'));
  expect([2431.07, 42.26, 0.4213, 0].map(volume)).toEqual([
    '2,431 mL',
    '42.3 mL',
    '0.42 mL',
    '0 mL',
  ]);
  expect(spaced(en.quantity(-812.4, "[hnsf'U]", 'Hounsfield unit'))).toBe('-812 HU');
  expect(spaced(uk.quantity(2431.07, 'mL', 'milliliter'))).toBe('2 431 мл');
  expect(spaced(uk.quantity(0.4213, 'mL', 'milliliter'))).toBe('0,42 мл');
  expect(en.quantity(NaN, "[hnsf'U]", 'Hounsfield unit')).toBe('—');
  expect(spaced(en.quantity(3.14159, 'kat/L', 'katal per liter'))).toBe('3.1 katal per liter');
  expect([7.25, 0.873, 3].map(value => en.quantity(value, '1', 'no units'))).toEqual([
    '7.3',
    '0.87',
    '3',
  ]);
  expect(en.quantity(12.34, '%', 'percent')).toBe('12.3%');
  expect(spaced(uk.quantity(12.34, '%', 'percent'))).toBe('12,3%');
  expect([144, 874_173, 12_345_678].map(en.bytes)).toEqual(['1 kB', '874 kB', '12.3 MB']);
});

it('writes the length of a run in seconds, then in minutes', () => {
  expect([0.2, 12.4, 89, 200].map(en.duration)).toEqual(['1 sec', '12 sec', '89 sec', '3 min']);
  expect(spaced(uk.duration(12))).toBe('12 с');
});

it('writes a DICOM PersonName for people', () => {
  expect(en.person('Doe^Jane^^Dr.=ドウ')).toBe('Dr. Jane Doe');
  expect(en.person('reader')).toBe('reader');
});

it('chooses the text of a manifest by language and falls back to English', () => {
  expect(uk.own({ en: 'Left lung', uk: 'Ліва легеня' })).toBe('Ліва легеня');
  expect(uk.own({ en: 'Left lung', de: 'Linke Lunge' })).toBe('Left lung');
});

it('names the value met and what was allowed in either language', () => {
  const refusal = refusalOf('gateSliceCount', 'The series has 3 slices', {
    met: 3,
    allowed: 'at least 20',
  });
  expect(en.refusal(refusal)).toContain('3; allowed: at least 20');
  expect(uk.refusal(refusal)).toContain('3; дозволено: щонайменше 20');
  const plane = refusalOf('gateOrientation', 'x', { met: 'sagittal', allowed: 'axial, coronal' });
  expect(uk.refusal(plane)).toContain('сагітальна; дозволено: аксіальна, корональна');
  const thin = refusalOf('gateSliceSpacing', 'x', { met: 0.25, allowed: '0.5 to 5' });
  expect(uk.refusal(thin)).toContain('0,25 мм; дозволено: від 0,5 до 5 мм');
});

it('prefers the message that the manifest gives', () => {
  const values = { met: 'MR', allowed: 'CT', 'message.en': 'CT only', 'message.uk': 'Лише КТ' };
  expect(uk.refusal(refusalOf('gateModality', 'CT only', values))).toBe('Лише КТ');
  expect(en.refusal(refusalOf('gateModality', 'CT only', values))).toBe('CT only');
  const english = { met: 'MR', allowed: 'CT', 'message.en': 'CT only' };
  expect(uk.refusal(refusalOf('gateModality', 'CT only', english))).toBe('CT only');
});

it('shortens a SHA-256', () => {
  const [actual, declared] = ['ab'.repeat(32), 'cd'.repeat(32)];
  const refusal = refusalOf('modelTampered', 'x', { model: 'm', file: 'f', actual, declared });
  expect(en.refusal(refusal)).toContain('SHA-256 abababababab…, declared cdcdcdcdcdcd…');
});

it('shows the English message of a code it does not know', () => {
  expect(uk.refusal(refusalOf('fromTheFuture', 'Not yet known'))).toBe('Not yet known');
});

it('counts problems in the right plural form', () => {
  const refusal = (count: number) =>
    refusalOf('manifestInvalid', 'x', { count, problems: 'name: required' });
  expect(en.refusal(refusal(1))).toContain('1 problem:');
  expect(uk.refusal(refusal(5))).toContain('5 помилок:');
});

describe('why an archive refused or warned', () => {
  const refused = (reason: string) =>
    refusalOf('archiveRefusedInstances', 'English', { count: 1, reason });

  it.each([
    ['out of resources (0xA700)', 'бракує ресурсів (0xA700)'],
    // Of a range; the archive's own words stay its own.
    [
      'cannot understand the data set (0xC0FE): bad tag',
      'архів не розуміє набору даних (0xC0FE): bad tag',
    ],
    ['transfer syntax not supported (0xC122)', 'синтаксис передавання не підтримується (0xC122)'],
    ['conflict, no reason given (status 409)', 'конфлікт, причину не вказано (HTTP 409)'],
    ['reason unknown to the standard (0x0999)', 'причина, невідома стандарту (0x0999)'],
    ['no reason given', 'причину не вказано'],
    ['the disk is on fire', 'the disk is on fire'],
    [
      'SOP class not supported (0x0122); processing failure (0x0110)',
      'клас SOP не підтримується (0x0122); помилка обробки (0x0110)',
    ],
  ])('%s', (reason, expected) => {
    expect(uk.refusal(refused(reason))).toBe(`Архів не прийняв 1 об’єкт: ${expected}`);
    expect(uk.archiveReason(reason)).toBe(expected);
  });

  it('is left alone where the reason is nobody’s number', () => {
    const values = { object: 'SEG', reason: 'value (0xA700) in it' };
    const shown = uk.refusal(refusalOf('evidenceUnreadable', 'English', values));
    expect(shown).toContain('value (0xA700) in it');
  });
});
