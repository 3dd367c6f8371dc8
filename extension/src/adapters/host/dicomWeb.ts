import { z } from 'zod';
import type { HostManagers } from '../../types/host';

/** Roots of the archive (absolute, without a slash at the end) and what it asks for. */
export interface DicomWebRoots {
  qidoRoot: string;
  wadoRoot: string;
  stowRoot: string;
  /** Read anew for each call: tokens are renewed. */
  headers(): Record<string, string>;
}

const configuration = z.looseObject({
  qidoRoot: z.string().min(1).optional(),
  wadoRoot: z.string().min(1),
  stowRoot: z.string().min(1).optional(),
});

const headers = z.record(z.string(), z.string());

const absolute = (root: string) => new URL(root, globalThis.location.href).href.replace(/\/+$/, '');

/**
 * The archive of the host's active data source; nothing for a data source that is no DICOMweb
 * (files of this workstation, a JSON list), where nothing can be stored.
 */
export function dicomWebRoots(managers: HostManagers): DicomWebRoots | undefined {
  const { extensionManager, servicesManager } = managers;
  const [source] = extensionManager.getActiveDataSource();
  const parsed = configuration.safeParse(source?.getConfig?.());
  if (!parsed.success) return undefined;
  const { qidoRoot, wadoRoot, stowRoot } = parsed.data;
  return {
    qidoRoot: absolute(qidoRoot ?? wadoRoot),
    wadoRoot: absolute(wadoRoot),
    stowRoot: absolute(stowRoot ?? wadoRoot),
    headers() {
      const given = servicesManager.services.userAuthenticationService.getAuthorizationHeader();
      const sent = headers.safeParse(given ?? {});
      return sent.success ? sent.data : {};
    },
  };
}
