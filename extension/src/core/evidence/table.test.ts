import { evidenceTableSchema } from './schema';
import { DEFAULT_EVIDENCE, evidenceOf, evidenceTable } from './table';

describe('the evidence table', () => {
  it('follows the field: SEG and SR of segments, GSPS and SR of detections, a map for a map', () => {
    expect(evidenceOf([{ kind: 'segment' }])).toEqual(['segmentation', 'report']);
    expect(evidenceOf([{ kind: 'detection' }])).toEqual(['report', 'presentationState']);
    expect(evidenceOf([{ kind: 'map' }])).toEqual(['parametricMap']);
    expect(evidenceOf([{ kind: 'classification' }, { kind: 'regression' }])).toEqual(['report']);
    expect(evidenceOf([])).toEqual([]);
  });

  it("gives a manifest's row way to the site's, and keeps the others", () => {
    const table = evidenceTable(
      { detection: ['report'], map: [] },
      { detection: ['report', 'secondaryCapture'] },
      undefined,
    );
    expect(table).toEqual({
      ...DEFAULT_EVIDENCE,
      detection: ['report', 'secondaryCapture'],
      map: [],
    });
    expect(evidenceOf([{ kind: 'detection' }, { kind: 'map' }], table)).toEqual([
      'report',
      'secondaryCapture',
    ]);
  });

  it("has maps on the images' grid, where neither the model nor the site says otherwise", () => {
    expect(evidenceTable({ map: [] }).mapGrid).toBe('source');
    expect(evidenceTable({ mapGrid: 'model' }, { map: ['parametricMap'] }).mapGrid).toBe('model');
    expect(evidenceTable({ mapGrid: 'model' }, { mapGrid: 'source' }).mapGrid).toBe('source');
    expect(evidenceOf([{ kind: 'mapGrid' as 'map' }])).toEqual([]);
  });

  it.each([
    [{ detections: ['report'] }, 'Unrecognized key'],
    [{ detection: ['segmentation'] }, 'Invalid option'],
    [{ segment: ['report', 'keyObjects'] }, '"segmentation" is needed'],
    [{ mapGrid: 'network' }, 'Invalid option'],
  ])('is refused with a row that cannot be: %j', (rows, message) => {
    const parsed = evidenceTableSchema.safeParse(rows);
    expect(parsed.error?.issues[0].message).toContain(message);
  });

  it('as the default is allowed', () => {
    expect(evidenceTableSchema.safeParse(DEFAULT_EVIDENCE).success).toBe(true);
  });
});
