import { labToCss } from '../core/findings/labColour';
import { conceptOf, type Finding } from '../core/findings/types';
import type { Vec3 } from '../core/geometry/types';

/** Of a finding whose model declares no colour: a yellow that is read on CT's greys. */
const UNDECLARED: Vec3 = [85, 5, 75];

export const findingColour = (finding: Finding): string =>
  labToCss(conceptOf(finding).recommendedDisplayCIELab ?? UNDECLARED);
