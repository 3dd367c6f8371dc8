import fs from 'node:fs';
import path from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import type { Vec3 } from '@second-reader/core/geometry/types';
import type { ReadingState } from '@second-reader/core/reading/state';

const PROBE = '/probe-extension.js';

interface Probe {
  servicesManager: {
    services: {
      secondReaderService: { getState(): ReadingState };
    };
  };
  commandsManager: {
    runCommand(name: string, options: Record<string, unknown>, context: string): unknown;
  };
}

/** Console errors of the page that are ours; the host has some of its own on every build. */
const HOSTS_OWN = [
  /favicon/i,
  /Failed to load resource/i,
  /React does not recognize|Warning: /,
  /WebGL|GPU stall|swiftshader/i,
];

/** The page as a radiologist meets it: controls by their `data-cy`, state by what is shown. */
export class ReadingPage {
  readonly errors: string[] = [];
  private readonly settings: string[] = [];

  constructor(readonly page: Page) {
    page.on('pageerror', error => this.errors.push(`${error.name}: ${error.message}`));
    page.on('console', message => {
      const text = message.text();
      if (message.type() !== 'error' || HOSTS_OWN.some(known => known.test(text))) return;
      this.errors.push(text);
    });
  }

  cy(name: string): Locator {
    return this.page.locator(`[data-cy="${name}"]`);
  }

  get findings(): Locator {
    return this.cy('ai-finding');
  }

  /** Opens a study in the mode AI reading. */
  async open(url: string, studyInstanceUID: string, route = 'second-reader'): Promise<void> {
    await this.page.goto(`${url}/${route}?StudyInstanceUIDs=${studyInstanceUID}`);
    if (route === 'second-reader') await expect(this.cy('ai-panel')).toBeVisible();
  }

  /** Waits for the run that started by itself, and its findings. */
  async findingsShown(count: number): Promise<void> {
    await expect(this.findings).toHaveCount(count, { timeout: 180_000 });
    await expect(this.cy('ai-progress')).toHaveCount(0);
  }

  async verdicts(): Promise<Array<string | null>> {
    return this.findings.evaluateAll(rows => rows.map(row => row.getAttribute('data-verdict')));
  }

  /**
   * How much of an overlay is on the screen: coloured pixels where the CT has only greys. Of the
   * middle of the viewport: the host writes in colour at its edges.
   */
  async colouredPixels(index = 0): Promise<number> {
    const viewport = this.page.locator('.cornerstone-canvas').nth(index);
    const image = await viewport.screenshot();
    return this.page.evaluate(async base64 => {
      const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      const [x, y] = [bitmap.width * 0.15, bitmap.height * 0.15];
      const { data } = context.getImageData(x, y, bitmap.width - 2 * x, bitmap.height - 2 * y);
      let coloured = 0;
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
        if (Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured += 1;
      }
      return coloured;
    }, image.toString('base64'));
  }

  /** Says a line more in the site's `app-config.js`. */
  private async configured(line: string): Promise<void> {
    const isFirst = this.settings.push(line) === 1;
    if (!isFirst) return;
    await this.page.route('**/app-config.js', async route => {
      const response = await route.fetch();
      const body = [await response.text(), ...this.settings].join('\n');
      await route.fulfill({ response, body });
    });
  }

  /** Lets a second extension in, as a site would: it sees what other extensions see. */
  async withProbe(): Promise<void> {
    await this.configured(`window.config.extensions.push(${JSON.stringify(PROBE)});`);
    await this.page.route(`**${PROBE}`, route =>
      route.fulfill({
        contentType: 'text/javascript',
        headers: { 'Cross-Origin-Resource-Policy': 'same-origin' },
        body: `export default {
          id: 'probe',
          preRegistration(managers) { window.probe = managers; },
        };`,
      }),
    );
  }

  /** No model starts by itself: only what is in the archive is shown. */
  withoutAutoRun(): Promise<void> {
    return this.configured(
      'window.config.secondReader = { ...window.config.secondReader, autoRun: false };',
    );
  }

  /** The stock viewer as it is without us. */
  withoutPlugin(): Promise<void> {
    return this.configured('window.config.extensions = []; window.config.modes = [];');
  }

  /** `servicesManager.services.secondReaderService.getState()`, seen from another extension. */
  state(): Promise<ReadingState> {
    return this.page.evaluate(() =>
      (
        window as unknown as { probe: Probe }
      ).probe.servicesManager.services.secondReaderService.getState(),
    );
  }

  /** Runs one of our commands as another extension would. */
  command(name: string, options: Record<string, unknown> = {}): Promise<void> {
    return this.page.evaluate(
      ([command, given]) => {
        const { commandsManager } = (window as unknown as { probe: Probe }).probe;
        commandsManager.runCommand(command, given, 'SECOND_READER');
      },
      [name, options] as const,
    );
  }
}

interface TruthStudy {
  name: string;
  studyInstanceUID: string;
  seriesInstanceUID: string;
  leftLung: { volumeMl: number };
  rightLung: { volumeMl: number };
  nodules: Array<{ centre: Vec3; diameter: number; volumeMl: number }>;
}

/** The sample patient's ground truth, as the archive's folder has it. */
export const sampleStudy = (data: string, name: 'prior' | 'current'): TruthStudy => {
  const file = path.join(data, 'sample-truth', 'truth.json');
  const truth = JSON.parse(fs.readFileSync(file, 'utf8')) as { studies: TruthStudy[] };
  const found = truth.studies.find(study => study.name === name);
  if (!found) throw new Error(`${file} has no study "${name}"`);
  return found;
};
