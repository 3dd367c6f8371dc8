import { readFileSync, writeFileSync } from 'node:fs';
import { sourceAttributes } from '../../extension/src/dicom/common/source';
import { parsePart10 } from '../../extension/src/dicom/common/parse';
import { readSegmentation } from '../../extension/src/dicom/seg/readSegmentation';
import { writeSegmentation } from '../../extension/src/dicom/seg/writeSegmentation';
import { geometryOf, metadataOf, runOn, slicesOf } from '../../extension/src/dicom/testing/runs';
import { BENCH_SIZE, benchBody } from './segmentationBody';
import {
  prepareAdaptersDecode,
  prepareAdaptersEncode,
  prepareDcmjsDecode,
  prepareDcmjsEncode,
  type Kind,
} from './segmentationPeers';

/** One case of the segmentation bench, in a process of its own. */
export interface CaseRequest {
  /** `native` is Second Reader, too: its label maps without the RLE that they are in as a rule. */
  who: 'second-reader' | 'native' | 'adapters' | 'dcmjs';
  phase: 'encode' | 'decode';
  kind: Kind;
  segments: number;
  /** Where an encoded file goes, or a file to decode is. */
  file: string;
}
export interface CaseReport {
  /** By the clock: the first time and those after it. */
  milliseconds: number[];
  /** Of the processor, by all threads of the process: what a busy machine changes less. */
  cpu: number[];
  /** Bytes above what was resident with the input loaded, at most; of the first time. */
  resident: number;
  /** Bytes in array buffers beyond the input's, at most where it was looked at; of the first time. */
  arrayBuffers: number;
  /** Of the file. */
  bytes: number;
  /** Of a decoded label map: voxels that are not as they were meant. */
  wrong?: number;
}

const residentNow = (field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) *
  1024;

/** Resident and array buffer bytes from here on (Linux). */
const watch = () => {
  globalThis.gc?.();
  const buffers = process.memoryUsage().arrayBuffers;
  const resident = residentNow('VmRSS');
  // Sets the kernel's high-water mark back to what is resident now.
  writeFileSync('/proc/self/clear_refs', '5');
  let most = 0;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - buffers);
  };
  return {
    look,
    peak: () => {
      look();
      return { resident: Math.max(0, residentNow('VmHWM') - resident), arrayBuffers: most };
    },
  };
};

const runOf = (segments: number) => {
  const slices = slicesOf(BENCH_SIZE);
  const run = runOn(slices, segments, benchBody(geometryOf(slices), segments));
  run.findings.forEach((finding, index) => (finding.segment.segmentNumber = index + 1));
  return run;
};

type Work = () => Promise<ArrayBuffer | Uint8Array[]> | ArrayBuffer | Uint8Array[];

async function prepare(
  request: CaseRequest,
  look: () => void,
): Promise<{ work: Work; meant: Uint8Array }> {
  const { who, phase, kind, segments } = request;
  const run = runOf(segments);
  const meant = run.labelMap.voxels;
  if (phase === 'encode') {
    if (who === 'adapters') return { work: await prepareAdaptersEncode(run, kind, look), meant };
    if (who === 'dcmjs') return { work: await prepareDcmjsEncode(run, kind, look), meant };
    const options = { type: kind, compressed: who === 'second-reader' };
    const source = sourceAttributes(run, metadataOf(run));
    if (!source.ok) throw new Error(source.refusal.message);
    return { work: () => writeSegmentation(run, source.value, options).part10, meant };
  }
  const file = readFileSync(request.file).buffer as ArrayBuffer;
  if (who === 'adapters') return { work: await prepareAdaptersDecode(run, file), meant };
  if (who === 'dcmjs') return { work: await prepareDcmjsDecode(run, kind, file), meant };
  const work = async (): Promise<Uint8Array[]> => {
    const parsed = await parsePart10(file);
    if (!parsed.ok) throw new Error(parsed.refusal.message);
    const read = readSegmentation(parsed.value, [run.source]);
    if (!read.ok) throw new Error(read.refusal.message);
    return [read.value!.run.labelMap.voxels];
  };
  return { work, meant };
}

const differences = (parts: readonly Uint8Array[], meant: Uint8Array): number => {
  let wrong = 0;
  let at = 0;
  for (const part of parts) for (const value of part) if (value !== meant[at++]) wrong++;
  return wrong + Math.abs(meant.length - at);
};

/** Times more than once where the processor is done sooner: a busy machine is not slow work. */
const REPEAT_UNDER = 5_000;

const main = async (): Promise<void> => {
  const request = JSON.parse(process.argv[2]) as CaseRequest;
  let look = (): void => undefined;
  const { work, meant } = await prepare(request, () => look());
  const memory = watch();
  look = memory.look;
  const milliseconds: number[] = [];
  const cpu: number[] = [];
  const timed = async () => {
    const startedAt = performance.now();
    const used = process.cpuUsage();
    const made = await work();
    const { user, system } = process.cpuUsage(used);
    milliseconds.push(performance.now() - startedAt);
    cpu.push((user + system) / 1000);
    return made;
  };
  const made = await timed();
  const { resident, arrayBuffers } = memory.peak();
  const report: CaseReport = { milliseconds, cpu, resident, arrayBuffers, bytes: 0 };
  if (made instanceof ArrayBuffer) {
    report.bytes = made.byteLength;
    writeFileSync(request.file, new Uint8Array(made));
  } else {
    report.bytes = readFileSync(request.file).length;
    report.wrong = differences(made, meant);
  }
  if (cpu[0] < REPEAT_UNDER) for (let n = 0; n < 2; n++) await timed();
  process.stdout.write(`\n${JSON.stringify(report)}\n`);
};

void main();
