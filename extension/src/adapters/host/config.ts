import { z } from 'zod';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { enginePreferences } from '../../inference/engineChoice';
import { assetBase } from './assetBase';

/**
 * `window.config.secondReader`, the site's settings. Strict: a misspelt key is an error and is
 * said, because a setting that is silently ignored may be the one that keeps data in the house.
 */
export const hostConfigSchema = z.strictObject({
  /** What the site allows to be stored; see the design's table of words. */
  maturity: z.enum(['research', 'production', 'feedback']).default('research'),
  /** Lists of model packages (`index.json`), absolute or relative to the page. */
  models: z.array(z.string().min(1)).optional(),
  /** Who judges, where the host has no login: PersonName. */
  reviewer: z.string().min(1).optional(),
  /** Models that admit a study start by themselves. */
  autoRun: z.boolean().default(true),
  /** Where tensors are computed; `auto` takes the fastest there is. */
  engine: z.enum(enginePreferences).default('auto'),
  /** Folder of `inference-worker.js` and `ort/`; by default where the extension was loaded from. */
  assets: z.string().min(1).optional(),
});

export interface HostConfig extends Omit<z.infer<typeof hostConfigSchema>, 'models' | 'assets'> {
  /** Absolute URLs. */
  models: string[];
  /** Absolute URL ending in "/". */
  assets: string;
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

const resolved = (config: z.infer<typeof hostConfigSchema>): HostConfig => {
  const page = globalThis.location.href;
  const assets = config.assets ? new URL(withSlash(config.assets), page).href : assetBase();
  return {
    ...config,
    assets,
    // As the command line lays them out: the models beside the extension's folder.
    models: (config.models ?? [new URL('../models/index.json', assets).href]).map(
      url => new URL(url, page).href,
    ),
  };
};

/** The safest settings there are: nothing is stored, nothing starts by itself. */
export const safeConfig = (): HostConfig => ({
  ...resolved(hostConfigSchema.parse({})),
  autoRun: false,
});

/**
 * The site's settings, with defaults for what is left out.
 *
 * Refuses `configInvalid`, naming the first setting that is wrong; the caller goes on with
 * `safeConfig()` and shows it.
 */
export function parseHostConfig(raw: unknown): Outcome<HostConfig> {
  const parsed = hostConfigSchema.safeParse(raw ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const setting = ['secondReader', ...issue.path].join('.');
    return refuse('configInvalid', `The setting ${setting} is wrong: ${issue.message}`, {
      setting,
      detail: issue.message,
    });
  }
  return accept(resolved(parsed.data));
}
