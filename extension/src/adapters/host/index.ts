import { accept, type Outcome } from '../../core/outcome';
import type { Cornerstone, CornerstoneTools } from '../../types/cornerstone';
import type { HostManagers } from '../../types/host';
import { parseHostConfig, safeConfig, type HostConfig } from './config';
import { cornerstone, cornerstoneTools } from './cornerstone';
import { dicomWebRoots, type DicomWebRoots } from './dicomWeb';
import { hostLanguage, onHostLanguageChange } from './language';
import { mountable } from './mountable';
import { reviewerName } from './reviewer';
import { createStudyEvents, inReadingRoute, openStudy, type StudyEvents } from './study';
import { hostVersion, type HostVersion } from './version';

/**
 * The viewer that we are in: the one place that knows how hosts differ.
 *
 * | what                | 3.11.1          | 3.12.10         | 3.13.2           | 3.14.0-beta.6    |
 * | ------------------- | --------------- | --------------- | ---------------- | ---------------- |
 * | React (18.3.1)      | not shared      | not shared      | not shared       | not shared ¹     |
 * | element type        | `react.element` | same            | same             | same             |
 * | cornerstone         | `window.*`      | same            | same             | same             |
 * | i18next             | not shared ²    | same            | same             | same             |
 * | says its version    | no              | no              | no               | no               |
 * | mode customizations | `onModeEnter`   | same            | data and phases ³| same             |
 * | a labelmap on a 3D  | becomes a       | same            | surface only if  | same             |
 * | viewport            | surface         |                 | asked for        |                  |
 * | colours of one      | a table per     | same            | kept for all     | same             |
 * | segmentation        | viewport        |                 | viewports        |                  |
 * | study not found     | empty viewer    | same            | own page         | same             |
 *
 * ¹ `window['react']` and the like are the contract of runtime descriptors, which this beta does
 *   not load yet; our UMD asks for them, our ES module never does.
 * ² Its language is in local storage on all builds (`language.ts`).
 * ³ Older modes' `setCustomizations` in `onModeEnter` is kept working, and is what our mode uses.
 */
export interface Host extends StudyEvents {
  version: HostVersion;
  config: HostConfig;
  /** Accepts, or says which setting is wrong; `config` then holds the safest settings. */
  configOutcome: Outcome<void>;
  managers: HostManagers;
  language(): string;
  onLanguageChange(listener: (language: string) => void): () => void;
  notify(notification: { level: 'info' | 'warn'; title: string; message: string }): void;
  /** The host's own instances; throws before its cornerstone extension has loaded. */
  cornerstone(): Cornerstone;
  cornerstoneTools(): CornerstoneTools;
  /** The active data source's archive; nothing where that is no DICOMweb. */
  dicomWeb(): DicomWebRoots | undefined;
  reviewer(): string;
  /** The study being read, and whether it was opened in the AI reading mode. */
  openStudy(): string | undefined;
  inReadingMode(): boolean;
  mountable: typeof mountable;
}

/** How long a message stays, milliseconds: a refusal is read, an information is glanced at. */
const SHOWN_MS = { info: 4000, warn: 10000 };

/**
 * The host behind one object. To be made in `preRegistration`: before it there are no managers.
 *
 * @param managers what the host hands to `preRegistration`
 */
export function createHost(managers: HostManagers): Host {
  const page = globalThis as unknown as { config?: { secondReader?: unknown } };
  const parsed = parseHostConfig(page.config?.secondReader);
  const config = parsed.ok ? parsed.value : safeConfig();
  return {
    ...createStudyEvents(managers),
    version: hostVersion(managers),
    config,
    configOutcome: parsed.ok ? accept(undefined) : parsed,
    managers,
    language: hostLanguage,
    onLanguageChange: onHostLanguageChange,
    notify({ level, title, message }) {
      managers.servicesManager.services.uiNotificationService.show({
        title,
        message,
        type: level === 'warn' ? 'warning' : 'info',
        duration: SHOWN_MS[level],
      });
    },
    cornerstone,
    cornerstoneTools,
    dicomWeb: () => dicomWebRoots(managers),
    reviewer: () => reviewerName(managers, config.reviewer),
    openStudy: () => openStudy(managers),
    inReadingMode: inReadingRoute,
    mountable,
  };
}

export type { HostConfig } from './config';
export type { DicomWebRoots } from './dicomWeb';
