import type { JsonDataSet } from '../part10/dicomJson';
import { metadataJson, type Instance, type Series, type Study } from '../store/catalog';

export type Level = 'study' | 'series' | 'instance';

/** Attributes that every answer has (PS3.18 tables 10.6.3-3, -4, -5), and those viewers count on. */
export const STUDY_ATTRIBUTES = [
  '00080005', '00080020', '00080030', '00080050', '00080054', '00080056', '00080061', '00080090',
  '00080201', '00081030', '00081190', '00100010', '00100020', '00100030', '00100040', '0020000D',
  '00200010', '00201206', '00201208',
]; // prettier-ignore
export const SERIES_ATTRIBUTES = [
  '00080005', '00080021', '00080031', '00080054', '00080056', '00080060', '00080201', '0008103E',
  '00081190', '00180015', '0020000E', '00200011', '00201209', '00400244', '00400245', '00400275',
]; // prettier-ignore
export const INSTANCE_ATTRIBUTES = [
  '00080005', '00080016', '00080018', '00080054', '00080056', '00080201', '00081190', '00083002',
  '00200013', '00280008', '00280010', '00280011', '00280100',
]; // prettier-ignore

const ui = (value: string) => ({ vr: 'UI', Value: [value] });
const is = (value: number) => ({ vr: 'IS', Value: [value] });

const instanceNumber = (dataSet: JsonDataSet): number =>
  Number(dataSet['00200013']?.Value?.[0] ?? 0);

/**
 * Header attributes of an instance, parsed once: QIDO looks at many instances and needs few of their
 * attributes (functional groups of large multi-frame objects are dropped).
 */
const headers = new WeakMap<Instance, JsonDataSet>();
function headerOf(instance: Instance): JsonDataSet {
  let header = headers.get(instance);
  if (!header) {
    header = metadataJson(instance);
    delete header['52009230'];
    delete header['52009229'];
    header['00080056'] = { vr: 'CS', Value: ['ONLINE'] };
    header['0020000D'] = ui(instance.studyInstanceUID);
    header['0020000E'] = ui(instance.seriesInstanceUID);
    headers.set(instance, header);
  }
  return header;
}

/** The instance that speaks for its series: the lowest Instance Number. */
function representative(series: Series): JsonDataSet {
  let best: JsonDataSet | undefined;
  for (const instance of series.instances.values()) {
    const header = headerOf(instance);
    if (!best || instanceNumber(header) < instanceNumber(best)) best = header;
  }
  return best ?? {};
}

const representatives = new WeakMap<Series, { revision: number; dataSet: JsonDataSet }>();
function cachedRepresentative(series: Series): JsonDataSet {
  const cached = representatives.get(series);
  if (cached?.revision === series.revision) return cached.dataSet;
  const dataSet = representative(series);
  representatives.set(series, { revision: series.revision, dataSet });
  return dataSet;
}

export function seriesDataSet(series: Series): JsonDataSet {
  return {
    ...cachedRepresentative(series),
    '0020000D': ui(series.studyInstanceUID),
    '0020000E': ui(series.seriesInstanceUID),
    '00201209': is(series.instances.size),
  };
}

const valuesOf = (dataSets: JsonDataSet[], tag: string): string[] => [
  ...new Set(dataSets.flatMap(dataSet => (dataSet[tag]?.Value ?? []).map(String))),
];

export function studyDataSet(study: Study): JsonDataSet {
  const series = [...study.series.values()];
  const dataSets = series.map(seriesDataSet);
  const images = dataSets.find(
    dataSet => !['SEG', 'SR', 'PR', 'KO'].includes(valuesOf([dataSet], '00080060')[0]),
  );
  return {
    ...(images ?? dataSets[0]),
    '0020000D': ui(study.studyInstanceUID),
    '00080061': { vr: 'CS', Value: valuesOf(dataSets, '00080060').sort() },
    '00080062': { vr: 'UI', Value: valuesOf(dataSets, '00080016').sort() },
    '00201206': is(series.length),
    '00201208': is(series.reduce((sum, one) => sum + one.instances.size, 0)),
  };
}

export const instanceDataSet = (instance: Instance): JsonDataSet => headerOf(instance);
