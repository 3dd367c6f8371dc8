import type { RunResult } from '../../core/findings/types';
import type { EvidenceObject } from '../../core/reading/ports';
import { KEY_OBJECT_TITLES, REJECTION_TITLES, type RejectionTitle } from '../common/codes';
import { SOP_CLASS } from '../common/dictionary';
import { parsePart10, type ParsedDataset } from '../common/parse';
import { sourceAttributes } from '../common/source';
import { metadataOf, runOfKind, runOn, slicesOf } from '../testing/runs';
import { readKeyObjects, rejectedInstances } from './readKeyObjects';
import { keyImagesOf, writeKeyObjects } from './writeKeyObjects';
import { writeRejectionNote } from './writeRejectionNote';

const small = { columns: 20, rows: 12, slices: 6 };

const sourceOf = (run: RunResult) => {
  const source = sourceAttributes(run, metadataOf(run));
  if (!source.ok) throw new Error(source.refusal.message);
  return source.value;
};
const parsed = async (object: EvidenceObject): Promise<ParsedDataset> => {
  const outcome = await parsePart10(object.part10);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const readBack = async (object: EvidenceObject) => {
  const outcome = readKeyObjects(await parsed(object));
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return outcome.value;
};
const hex = ({ part10 }: EvidenceObject) => Buffer.from(part10).toString('hex');

describe('key objects', () => {
  it('are the slices of the findings, with who chose them and that no one reviewed them', async () => {
    const run = runOfKind('detection', slicesOf(small));
    const object = writeKeyObjects(run, sourceOf(run))!;
    expect(object.sopClassUID).toBe(SOP_CLASS.keyObjectSelection);
    const read = await readBack(object);
    expect(read).toMatchObject({ title: KEY_OBJECT_TITLES.ofInterest, rejection: false });
    expect(read.objects).toEqual([
      {
        sopClassUID: run.source.slices[3].sopClassUID,
        sopInstanceUID: run.source.slices[3].sopInstanceUID,
      },
    ]);
    expect(read.description).toBe(
      'AI result, not reviewed: CT lungs 1.0.0 (ct-lungs 1.0.0), Nodule 1, Nodule 2',
    );
  });

  it('name the frames of a multi-frame instance in one reference', async () => {
    const run = runOn(slicesOf({ ...small, multiFrame: true }));
    const images = [1, 4].map(k => ({
      sopInstanceUID: run.source.slices[k].sopInstanceUID,
      frameNumber: k + 1,
    }));
    const read = await readBack(writeKeyObjects(run, sourceOf(run), images)!);
    expect(read.objects).toMatchObject([{ frameNumbers: [2, 5] }]);
  });

  it('are in k order and each slice once', () => {
    const run = runOn(slicesOf(small), 4);
    run.findings[0].referencedSOPInstanceUID = run.source.slices[5].sopInstanceUID;
    expect(keyImagesOf(run)).toEqual(
      [3, 5].map(k => ({ sopInstanceUID: run.source.slices[k].sopInstanceUID })),
    );
  });

  it.each(['classification', 'regression', 'nothing'] as const)(
    'are none of a result of the whole series: %s',
    kind => {
      const run = runOfKind(kind, slicesOf(small));
      expect(writeKeyObjects(run, sourceOf(run))).toBeUndefined();
    },
  );

  it('are the same bytes for the same run, and another instance for another title', () => {
    const run = runOfKind('detection', slicesOf(small));
    const write = (title?: (typeof KEY_OBJECT_TITLES)[keyof typeof KEY_OBJECT_TITLES]) =>
      writeKeyObjects(run, sourceOf(run), undefined, title)!;
    expect(hex(write())).toBe(hex(write()));
    const uids = [undefined, ...Object.values(KEY_OBJECT_TITLES)].map(
      title => write(title).sopInstanceUID,
    );
    expect(new Set(uids).size).toBe(Object.keys(KEY_OBJECT_TITLES).length);
  });

  it('cannot be of another series', () => {
    const run = runOn(slicesOf(small));
    const other = [{ sopInstanceUID: '1.2.3' }];
    expect(() => writeKeyObjects(run, sourceOf(run), other)).toThrow('1.2.3');
  });
});

describe('a rejection note', () => {
  const run = runOn(slicesOf(small));
  const objects = ['1.2.3.1', '1.2.3.2'].map(sopInstanceUID => ({
    sopClassUID: SOP_CLASS.comprehensive3DSR,
    sopInstanceUID,
    seriesInstanceUID: `${sopInstanceUID}.0`,
    studyInstanceUID: run.source.studyInstanceUID,
  }));
  const noteOf = (reason: RejectionTitle, given = objects) =>
    writeRejectionNote({
      run,
      source: sourceOf(run),
      objects: given,
      reason,
      rejectedAt: '2026-03-05T10:00:00.000Z',
      rejectedBy: 'Коваленко^Олена',
      comment: 'Не той пацієнт',
    });

  it.each(Object.keys(REJECTION_TITLES) as RejectionTitle[])(
    'withdraws what it refers to: %s',
    async reason => {
      const note = noteOf(reason);
      if (!note.ok) throw new Error(note.refusal.message);
      const read = await readBack(note.value);
      expect(read).toMatchObject({
        title: REJECTION_TITLES[reason],
        rejection: true,
        person: 'Коваленко^Олена',
      });
      expect(read.description).toContain('Не той пацієнт');
      expect(rejectedInstances([read])).toEqual(new Set(['1.2.3.1', '1.2.3.2']));
    },
  );

  it('of the same objects is the same note, whatever order they are given in', () => {
    const [one, two] = [noteOf('quality'), noteOf('quality', [...objects].reverse())];
    expect(one.ok && two.ok && hex(one.value) === hex(two.value)).toBe(true);
  });

  it('of nothing, or of another study, is refused', () => {
    expect(noteOf('quality', [])).toMatchObject({ refusal: { code: 'rejectionOfNothing' } });
    const elsewhere = [objects[0], { ...objects[1], studyInstanceUID: '1.2.9' }];
    expect(noteOf('quality', elsewhere)).toMatchObject({
      refusal: { code: 'rejectionOfOtherStudy', values: { object: '1.2.3.2', met: '1.2.9' } },
    });
  });

  it('is not what a choice of key objects is', async () => {
    const read = await readBack(writeKeyObjects(run, sourceOf(run))!);
    expect(rejectedInstances([read])).toEqual(new Set());
  });
});

describe('a key object selection that cannot be read', () => {
  const run = runOn(slicesOf(small));
  const changed = async (change: (dataset: ParsedDataset) => void) => {
    const dataset = await parsed(writeKeyObjects(run, sourceOf(run))!);
    change(dataset);
    const outcome = readKeyObjects(dataset);
    return outcome.ok ? 'read' : `${outcome.refusal.code}: ${outcome.refusal.message}`;
  };
  const contentOf = (dataset: ParsedDataset) => dataset.ContentSequence as ParsedDataset[];

  it.each<[string, RegExp, (dataset: ParsedDataset) => void]>([
    ['no title', /ConceptNameCodeSequence/, each => delete each.ConceptNameCodeSequence],
    ['no content', /ContentSequence/, each => delete each.ContentSequence],
    [
      'no evidence',
      /CurrentRequestedProcedureEvidenceSequence/,
      each => delete each.CurrentRequestedProcedureEvidenceSequence,
    ],
    [
      'another template',
      /template 1500; 2010 is read/,
      each => {
        (each.ContentTemplateSequence as ParsedDataset[])[0].TemplateIdentifier = ['1500'];
      },
    ],
    [
      'no object',
      /refers to no object/,
      each => {
        each.ContentSequence = contentOf(each).filter(item => !item.ReferencedSOPSequence);
      },
    ],
    [
      'an object that is not among its evidence',
      /refers to 1\.2\.3, which is not among its evidence/,
      each => {
        const item = contentOf(each).find(({ ReferencedSOPSequence }) => ReferencedSOPSequence)!;
        (item.ReferencedSOPSequence as ParsedDataset[])[0].ReferencedSOPInstanceUID = ['1.2.3'];
      },
    ],
  ])('is refused by name: %s', async (_what, message, change) => {
    const answer = await changed(change);
    expect(answer).toMatch(/^evidenceUnreadable/);
    expect(answer).toMatch(message);
  });
});
