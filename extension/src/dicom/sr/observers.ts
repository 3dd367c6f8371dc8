import type { Provenance } from '../../core/findings/types';
import { CODE } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { deviceUIDOf, MANUFACTURER, modelLabel } from '../common/identity';
import { clipped } from '../common/text';
import * as content from './contentItems';

export const LANGUAGE: Dataset = content.code('HAS CONCEPT MOD', CODE.language, {
  value: 'en-US',
  scheme: 'RFC5646',
  meaning: 'English (United States)',
});

/** The model as Device Observer (TID 1002, TID 1004). */
export const deviceObserver = (provenance: Provenance): Dataset[] => [
  content.code('HAS OBS CONTEXT', CODE.observerType, CODE.device),
  content.uidReference('HAS OBS CONTEXT', CODE.deviceObserverUID, deviceUIDOf(provenance)),
  content.text('HAS OBS CONTEXT', CODE.deviceObserverName, provenance.modelName),
  content.text(
    'HAS OBS CONTEXT',
    CODE.deviceObserverManufacturer,
    provenance.manufacturer ?? MANUFACTURER,
  ),
  content.text('HAS OBS CONTEXT', CODE.deviceObserverModelName, modelLabel(provenance)),
  content.text('HAS OBS CONTEXT', CODE.deviceObserverSerialNumber, provenance.modelSha256),
];

/** A reader as Person Observer (TID 1002, TID 1003). */
export const personObserver = (name: string): Dataset[] => [
  content.code('HAS OBS CONTEXT', CODE.observerType, CODE.person),
  content.personName('HAS OBS CONTEXT', CODE.personObserverName, name),
];

/** PersonName as the site gives it; a backslash parts values and is none of a name. */
export const personNamed = (name: string): string => clipped(name.replaceAll('\\', ' '), 192);
