import type { VoiWindow } from './types';
import { linearVoi, mirroredVoi, voiValue } from './voi';

const window = (center: number, width: number, name: VoiWindow['function']): VoiWindow => ({
  center,
  width,
  function: name,
});

describe('voi', () => {
  it('shows the ends that PS3.3 C.11.2.1.2.1 gives as its example', () => {
    const voi = window(2048, 4096, 'LINEAR');
    expect([-1, 0, 2047.5, 4095, 5000].map(x => voiValue(voi, x))).toEqual([0, 0, 0.5, 1, 1]);
    const exact = window(2048, 4096, 'LINEAR_EXACT');
    expect([0, 1024, 4096].map(x => voiValue(exact, x))).toEqual([0, 0.25, 1]);
  });

  it('is a step where LINEAR is one value wide', () => {
    const voi = window(100, 1, 'LINEAR');
    expect([99, 99.5, 99.6, 100].map(x => voiValue(voi, x))).toEqual([0, 0, 1, 1]);
    expect(linearVoi(voi)).toBeUndefined();
  });

  it('has its middle at the centre of a SIGMOID', () => {
    const voi = window(40, 400, 'SIGMOID');
    expect(voiValue(voi, 40)).toBe(0.5);
    expect(voiValue(voi, 140)).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  it.each(['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const)('mirrors %s', name => {
    const voi = window(600, 900, name);
    const turned = mirroredVoi(voi, 4095);
    for (const x of [0, 100, 151, 600, 600.5, 1000, 1049, 2000]) {
      expect(voiValue(turned, 4095 - x)).toBeCloseTo(1 - voiValue(voi, x), 12);
    }
  });
});
