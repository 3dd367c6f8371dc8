/** @jest-environment jsdom */
import { parseHostConfig, safeConfig } from './config';

const accepted = (raw: unknown) => {
  const parsed = parseHostConfig(raw);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.value;
};

describe('the settings of the site', () => {
  it('are the cautious ones where nothing is said', () => {
    expect(accepted(undefined)).toMatchObject({
      maturity: 'research',
      autoRun: true,
      engine: 'auto',
      segmentationType: 'binary',
    });
  });

  it('find models and assets relative to the page', () => {
    const config = accepted({ models: ['/models/index.json'], assets: 'plugins/ai' });
    expect(config.models).toEqual(['http://localhost/models/index.json']);
    expect(config.assets).toBe('http://localhost/plugins/ai/');
  });

  it('look for the models beside the assets by default', () => {
    expect(accepted({ assets: '/plugins/extension/' }).models).toEqual([
      'http://localhost/plugins/models/index.json',
    ]);
  });

  it('name packages one by one, beside the lists or beside our own', () => {
    const sha256 = 'a'.repeat(64);
    const pinned = { url: 'https://models.example/liver/', sha256 };
    expect(accepted({ models: ['/site/index.json', pinned, { url: 'spleen' }] })).toMatchObject({
      models: ['http://localhost/site/index.json'],
      sitePackages: [pinned, { url: 'http://localhost/spleen' }],
    });
    expect(accepted({ assets: '/plugins/extension/', models: [pinned] })).toMatchObject({
      models: ['http://localhost/plugins/models/index.json'],
      sitePackages: [pinned],
    });
    expect(accepted({ models: [] })).toMatchObject({ models: [], sitePackages: [] });
  });

  it('say what of a model is stored, and as what', () => {
    const given = {
      maturity: 'feedback',
      maturityOf: { 'ct-lung-nodules': 'research' },
      evidence: { segment: ['segmentation', 'report', 'secondaryCapture'] },
      segmentationType: 'auto',
    };
    expect(accepted(given)).toMatchObject(given);
  });

  it('say what a model must be written as', () => {
    const parsed = parseHostConfig({ models: [{ href: 'liver' }] });
    expect(parsed).toMatchObject({
      ok: false,
      refusal: {
        values: {
          setting: 'secondReader.models.0',
          detail: expect.stringContaining('{"href":"liver"} is neither the URL of a list'),
        },
      },
    });
  });

  it.each([
    [{ maturty: 'feedback' }, 'secondReader'],
    [{ maturity: 'produktion' }, 'secondReader.maturity'],
    [{ models: 'models/index.json' }, 'secondReader.models'],
    [{ maturityOf: { 'ct-lungs': 'on' } }, 'secondReader.maturityOf.ct-lungs'],
    [{ evidence: { segmnt: ['report'] } }, 'secondReader.evidence'],
    [{ evidence: { segment: ['pdf'] } }, 'secondReader.evidence.segment.0'],
    [{ segmentationType: 'fractional' }, 'secondReader.segmentationType'],
    ['feedback', 'secondReader'],
  ])('refuse %j and name the setting', (raw, setting) => {
    const parsed = parseHostConfig(raw);
    expect(parsed).toMatchObject({
      ok: false,
      refusal: { code: 'configInvalid', values: { setting } },
    });
  });

  it('store nothing and start nothing when they are wrong', () => {
    expect(safeConfig()).toMatchObject({ maturity: 'research', autoRun: false });
  });
});
