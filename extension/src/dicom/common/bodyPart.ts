import type { Dataset } from './dataset';
import type { SourceAttributes } from './source';

/** Body parts of which there are two (PS3.16 Annex L), as far as images of them are common. */
const PAIRED = new Set(
  'ANKLE ARM BREAST CALCANEUS CLAVICLE ELBOW EYE FEMUR FINGER FOOT FOREARM HAND HIP HUMERUS KIDNEY KNEE LEG RADIUS SCAPULA SHOULDER THIGH THUMB TIBIA TOE ULNA WRIST ZYGOMA'.split(
    ' ',
  ),
);

/**
 * Body Part Examined as the source says it; where that is a paired one, or nothing is said, also
 * Laterality, which is not known of a whole series and so empty (PS3.3 C.7.3.1, type 2C).
 */
export const bodyPart = ({ bodyPartExamined }: SourceAttributes): Dataset => ({
  BodyPartExamined: bodyPartExamined,
  ...((!bodyPartExamined || PAIRED.has(bodyPartExamined.toUpperCase())) && { Laterality: '' }),
});
