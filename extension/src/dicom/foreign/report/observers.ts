import type { ForeignOrigin } from '../../../core/findings/types';
import type { Algorithm, ForeignHeader } from '../header';
import { ROLE } from './concepts';
import { called, type Content } from './content';

/** Who observed (TID 1002): people and devices, in the report's order. */
export interface Observers {
  author?: string;
  device?: Algorithm;
  /** Algorithm name where the observer is a device. */
  algorithmType: ForeignOrigin['algorithmType'];
}

export function observersOf(root: Content, header: ForeignHeader): Observers {
  const said = root.children;
  const person =
    called(said, ...ROLE.personObserver)[0]?.text ??
    header.AuthorObserverSequence.map(({ PersonName }) => PersonName).find(name => name) ??
    header.VerifyingObserverSequence.map(each => each.VerifyingObserverName).find(name => name);
  const name =
    called(said, ...ROLE.deviceName)[0]?.text ?? called(said, ...ROLE.deviceModel)[0]?.text;
  const source = called(said, ...ROLE.deviceManufacturer)[0]?.text;
  const isDevice =
    name !== undefined || source !== undefined || called(said, ...ROLE.deviceUID).length > 0;
  return {
    ...(person !== undefined && { author: person }),
    ...(isDevice && { device: { name, source } }),
    algorithmType:
      person !== undefined ? (isDevice ? 'unknown' : 'manual') : isDevice ? 'automatic' : 'unknown',
  };
}
