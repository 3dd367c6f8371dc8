import type { JsonDataSet } from '../part10/dicomJson';
import { matches } from './match';

const dataSet: JsonDataSet = {
  '00080020': { vr: 'DA', Value: ['20240305'] },
  '00080030': { vr: 'TM', Value: ['101112.5'] },
  '00080060': { vr: 'CS', Value: ['CT'] },
  '0020000D': { vr: 'UI', Value: ['1.2.3'] },
  '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' }] },
  '00100020': { vr: 'LO', Value: ['A.B'] },
  '00200011': { vr: 'IS', Value: [7] },
  '00400275': { vr: 'SQ', Value: [{ '00400009': { vr: 'SH', Value: ['STEP1'] } }] },
};
const holds = (path: string, value: string) =>
  matches(tag => dataSet[tag], { path: path.split('.'), value });

describe('matches', () => {
  it.each([
    ['00080020', '20240305', true],
    ['00080020', '20240306', false],
    ['00080020', '20240301-20240305', true],
    ['00080020', '-20240304', false],
    ['00080020', '20240305-', true],
    ['00080020', '2024-', true],
    ['00080030', '1000-1030', true],
    ['00080030', '1012-', false],
    ['00080060', 'MR,CT', true],
    ['00080060', 'MR\\CT', true],
    ['00080060', 'ct', false],
    ['0020000D', '1.2.3,4.5', true],
    ['0020000D', '1.2.*', false],
    ['00100010', 'yamada*', true],
    ['00100010', '山田*', true],
    ['00100010', 'Yamada', false],
    ['00100020', 'A.B', true],
    ['00100020', 'AxB', false],
    ['00100020', 'A?B', true],
    ['00200011', '7', true],
    ['00200011', '70', false],
    ['00400275.00400009', 'STEP*', true],
    ['00400275.00400009', 'other', false],
    ['00081030', '', true],
    ['00081030', '*', true],
    ['00081030', 'a', false],
  ])('%s=%s is %s', (path, value, expected) => {
    expect(holds(path, value)).toBe(expected);
  });
});
