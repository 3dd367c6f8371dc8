import type { CodedConcept } from '../../core/findings/types';
import { codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { decimalString } from '../common/text';

/** Relationship Type (PS3.3 C.17.3.2.4). */
export type Relationship =
  'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS ACQ CONTEXT' | 'HAS PROPERTIES';

/** One content item below the root (PS3.3 C.17.3). */
const item = (
  relationship: Relationship,
  valueType: string,
  concept: CodedConcept | undefined,
  value: Dataset,
  children: readonly Dataset[] = [],
): Dataset => ({
  RelationshipType: relationship,
  ValueType: valueType,
  ...(concept && { ConceptNameCodeSequence: [codeItem(concept)] }),
  ...value,
  ...(children.length > 0 && { ContentSequence: children }),
});

export const container = (
  relationship: Relationship,
  concept: CodedConcept,
  children: readonly Dataset[],
  template?: string,
): Dataset =>
  item(
    relationship,
    'CONTAINER',
    concept,
    { ContinuityOfContent: 'SEPARATE', ...(template && templateOf(template)) },
    children,
  );

/** Content Template Sequence (PS3.3 C.18.8): the DCMR template that a container follows. */
export const templateOf = (identifier: string): Dataset => ({
  ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: identifier }],
});

export const code = (
  relationship: Relationship,
  concept: CodedConcept,
  value: CodedConcept,
  children: readonly Dataset[] = [],
): Dataset =>
  item(relationship, 'CODE', concept, { ConceptCodeSequence: [codeItem(value)] }, children);

export const text = (relationship: Relationship, concept: CodedConcept, value: string): Dataset =>
  item(relationship, 'TEXT', concept, { TextValue: value });

export const uidReference = (
  relationship: Relationship,
  concept: CodedConcept,
  value: string,
): Dataset => item(relationship, 'UIDREF', concept, { UID: value });

export const personName = (
  relationship: Relationship,
  concept: CodedConcept,
  value: string,
): Dataset => item(relationship, 'PNAME', concept, { PersonName: value });

/**
 * A number with its unit. Where 16 characters do not hold the value, Floating Point Value holds it
 * exactly (PS3.3 C.18.1).
 */
export const numeric = (
  relationship: Relationship,
  concept: CodedConcept,
  value: number,
  unit: CodedConcept,
  children: readonly Dataset[] = [],
): Dataset =>
  item(
    relationship,
    'NUM',
    concept,
    {
      MeasuredValueSequence: [
        {
          NumericValue: value,
          ...(Number(decimalString(value)) !== value && { FloatingPointValue: value }),
          MeasurementUnitsCodeSequence: [codeItem(unit)],
        },
      ],
    },
    children,
  );

/**
 * Coordinates in the patient, LPS+ millimetres: x, y, z of each point after the other (PS3.3
 * C.18.9). They are single-precision numbers.
 */
export const spatialCoordinates3D = (
  relationship: Relationship,
  concept: CodedConcept,
  graphicType: 'POINT' | 'ELLIPSOID',
  coordinates: readonly number[],
  frameOfReferenceUID: string,
): Dataset =>
  item(relationship, 'SCOORD3D', concept, {
    GraphicType: graphicType,
    GraphicData: coordinates,
    ReferencedFrameOfReferenceUID: frameOfReferenceUID,
  });

export const image = (
  relationship: Relationship,
  concept: CodedConcept | undefined,
  reference: Dataset,
): Dataset => item(relationship, 'IMAGE', concept, { ReferencedSOPSequence: [reference] });
