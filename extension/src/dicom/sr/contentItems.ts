import type { CodedConcept } from '../../core/findings/types';
import { codeItem } from '../common/codes';
import type { Dataset } from '../common/dataset';
import { decimalString } from '../common/text';

/** Relationship Type (PS3.3 C.17.3.2.4). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS OBS CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS ACQ CONTEXT'
  | 'HAS PROPERTIES'
  | 'SELECTED FROM';

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

export const date = (relationship: Relationship, concept: CodedConcept, value: string): Dataset =>
  item(relationship, 'DATE', concept, { Date: value });

export const time = (relationship: Relationship, concept: CodedConcept, value: string): Dataset =>
  item(relationship, 'TIME', concept, { Time: value });

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

/** Graphic Type of SCOORD3D (PS3.3 C.18.9.1.2). */
export type GraphicType3D =
  'POINT' | 'MULTIPOINT' | 'POLYLINE' | 'POLYGON' | 'ELLIPSE' | 'ELLIPSOID';

/**
 * Coordinates in the patient, LPS+ millimetres: x, y, z of each point after the other (PS3.3
 * C.18.9). They are single-precision numbers.
 */
export const spatialCoordinates3D = (
  relationship: Relationship,
  concept: CodedConcept,
  graphicType: GraphicType3D,
  coordinates: readonly number[],
  frameOfReferenceUID: string,
): Dataset =>
  item(relationship, 'SCOORD3D', concept, {
    GraphicType: graphicType,
    GraphicData: coordinates,
    ReferencedFrameOfReferenceUID: frameOfReferenceUID,
  });

/**
 * Coordinates on an image: column, row of each point after the other, in pixels, (0, 0) the upper
 * left corner of the first pixel (PS3.3 C.18.6).
 */
export const spatialCoordinates = (
  relationship: Relationship,
  concept: CodedConcept,
  graphicType: 'POINT' | 'MULTIPOINT' | 'POLYLINE' | 'CIRCLE' | 'ELLIPSE',
  coordinates: readonly number[],
  reference: Dataset,
): Dataset =>
  item(relationship, 'SCOORD', concept, { GraphicType: graphicType, GraphicData: coordinates }, [
    image('SELECTED FROM', undefined, reference),
  ]);

export const image = (
  relationship: Relationship,
  concept: CodedConcept | undefined,
  reference: Dataset,
  children: readonly Dataset[] = [],
): Dataset =>
  item(relationship, 'IMAGE', concept, { ReferencedSOPSequence: [reference] }, children);

/** A reference to what is no image: a report, a presentation state. */
export const composite = (
  relationship: Relationship,
  concept: CodedConcept | undefined,
  reference: Dataset,
): Dataset => item(relationship, 'COMPOSITE', concept, { ReferencedSOPSequence: [reference] });
