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

  it.each([
    [{ maturty: 'feedback' }, 'secondReader'],
    [{ maturity: 'produktion' }, 'secondReader.maturity'],
    [{ models: 'models/index.json' }, 'secondReader.models'],
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
