import type { JsonDataSet } from '../part10/dicomJson';
import type { FrameTable, PixelDescription } from '../part10/frames';
import type { InstanceIdentity } from '../part10/identity';

/** What the archive keeps in memory of one instance. Pixels stay in the file. */
export interface Instance extends InstanceIdentity {
  file: string;
  size: number;
  transferSyntaxUID: string;
  /** DICOM JSON metadata as text: served as is, after INSTANCE_URL is filled in. */
  metadataText: string;
  /** Found when the first frame is asked for. */
  frames?: { table: FrameTable; pixels: PixelDescription };
}

export interface Series {
  studyInstanceUID: string;
  seriesInstanceUID: string;
  instances: Map<string, Instance>;
  /** Grows with every instance added or removed. */
  revision: number;
}

export interface Study {
  studyInstanceUID: string;
  series: Map<string, Series>;
}

/** Studies, series and instances by UID, in memory. */
export class Catalog {
  readonly studies = new Map<string, Study>();
  private readonly bySopInstanceUID = new Map<string, Instance>();

  get size(): number {
    return this.bySopInstanceUID.size;
  }

  find(sopInstanceUID: string): Instance | undefined {
    return this.bySopInstanceUID.get(sopInstanceUID);
  }

  add(instance: Instance): void {
    const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = instance;
    let study = this.studies.get(studyInstanceUID);
    if (!study) {
      study = { studyInstanceUID, series: new Map() };
      this.studies.set(studyInstanceUID, study);
    }
    let series = study.series.get(seriesInstanceUID);
    if (!series) {
      series = { studyInstanceUID, seriesInstanceUID, instances: new Map(), revision: 0 };
      study.series.set(seriesInstanceUID, series);
    }
    series.instances.set(sopInstanceUID, instance);
    series.revision += 1;
    this.bySopInstanceUID.set(sopInstanceUID, instance);
  }

  remove(instance: Instance): void {
    const study = this.studies.get(instance.studyInstanceUID);
    const series = study?.series.get(instance.seriesInstanceUID);
    if (series?.instances.delete(instance.sopInstanceUID)) series.revision += 1;
    this.bySopInstanceUID.delete(instance.sopInstanceUID);
    if (series?.instances.size === 0) study?.series.delete(instance.seriesInstanceUID);
    if (study?.series.size === 0) this.studies.delete(instance.studyInstanceUID);
  }

  /** Instances of a study, a series or one instance; empty where there is none. */
  select(studyUID?: string, seriesUID?: string, sopUID?: string): Instance[] {
    const studies = studyUID ? [this.studies.get(studyUID)] : [...this.studies.values()];
    return studies
      .flatMap(study =>
        seriesUID ? [study?.series.get(seriesUID)] : [...(study?.series.values() ?? [])],
      )
      .flatMap(series =>
        sopUID ? [series?.instances.get(sopUID)] : [...(series?.instances.values() ?? [])],
      )
      .filter(instance => instance !== undefined);
  }
}

export const metadataJson = (instance: Instance): JsonDataSet =>
  JSON.parse(instance.metadataText) as JsonDataSet;
