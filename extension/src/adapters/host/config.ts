import { z } from 'zod';
import { evidenceTableSchema } from '../../core/evidence/schema';
import { segmentationTypes } from '../../core/evidence/table';
import { accept, refuse, type Outcome } from '../../core/outcome';
import { enginePreferences } from '../../inference/engineChoice';
import type { SitePackage } from '../inference/registry';
import { assetBase } from './assetBase';

/** A package by its own URL: its folder or its `model.json`, which `sha256` protects. */
const sitePackageSchema = z.strictObject({
  url: z.string().min(1),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 lower-case hexadecimal digits')
    .optional(),
});

const maturity = z.enum(['research', 'production', 'feedback']);

/**
 * `window.config.secondReader`, the site's settings. Strict: a misspelt key is an error and is
 * said, because a setting that is silently ignored may be the one that keeps data in the house.
 */
export const hostConfigSchema = z.strictObject({
  /** What the site allows to be stored; see the design's table of words. */
  maturity: maturity.default('research'),
  /** The same of single models, by the id of their package: `{ "ct-lungs": "production" }`. */
  maturityOf: z.record(z.string().min(1), maturity).optional(),
  /** Which objects findings become, by their kind; for all models, in place of what these say. */
  evidence: evidenceTableSchema.optional(),
  /** BINARY, LABELMAP, or LABELMAP where the archive takes it. */
  segmentationType: z.enum(segmentationTypes).default('binary'),
  /**
   * Where models are, absolute or relative to the page: lists of packages (`index.json`) as text, and
   * packages as `{ url, sha256? }`. Without a list among them the viewer's own list is read too.
   */
  models: z
    .array(
      z.union([z.string().min(1), sitePackageSchema], {
        error: issue =>
          `${JSON.stringify(issue.input)} is neither the URL of a list of packages nor { "url": …, "sha256": 64 hexadecimal digits, may be left out } of one`,
      }),
    )
    .optional(),
  /** Who judges, where the host has no login: PersonName. */
  reviewer: z.string().min(1).optional(),
  /** Models that admit a study start by themselves. */
  autoRun: z.boolean().default(true),
  /** Where tensors are computed; `auto` takes the fastest there is. */
  engine: z.enum(enginePreferences).default('auto'),
  /** Folder of `inference-worker.js`, `evidence-worker.js` and `ort/`; by default where the extension was loaded from. */
  assets: z.string().min(1).optional(),
});

export interface HostConfig extends Omit<z.infer<typeof hostConfigSchema>, 'models' | 'assets'> {
  /** Absolute URLs of lists of packages. */
  models: string[];
  /** Packages that the site names one by one, by absolute URLs. */
  sitePackages: SitePackage[];
  /** Absolute URL ending in "/". */
  assets: string;
}

const withSlash = (url: string) => (url.endsWith('/') ? url : `${url}/`);

const resolved = (config: z.infer<typeof hostConfigSchema>): HostConfig => {
  const page = globalThis.location.href;
  const assets = config.assets ? new URL(withSlash(config.assets), page).href : assetBase();
  const given = config.models ?? [];
  const lists = given.filter(entry => typeof entry === 'string');
  const packages = given.filter(entry => typeof entry !== 'string');
  // As the command line lays them out: the models beside the extension's folder.
  const own = new URL('../models/index.json', assets).href;
  const isOwnKept = lists.length === 0 && (config.models === undefined || packages.length > 0);
  return {
    ...config,
    assets,
    models: (isOwnKept ? [own] : lists).map(url => new URL(url, page).href),
    sitePackages: packages.map(entry => ({ ...entry, url: new URL(entry.url, page).href })),
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
