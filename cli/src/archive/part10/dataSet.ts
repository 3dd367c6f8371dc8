import type { Tag } from './dictionary';

/** One data element as it lies in the file; `offset` and `length` are of its value, in bytes. */
export interface DataElement {
  tag: Tag;
  vr: string;
  offset: number;
  length: number;
  /** Items of a sequence. */
  items?: DataSet[];
  /** Fragments of encapsulated pixel data; the first is the Basic Offset Table (PS3.5 A.4). */
  fragments?: Array<{ offset: number; length: number }>;
}

export type DataSet = Map<Tag, DataElement>;

/** A Part 10 file that was read: `bytes` is what the offsets point into (inflated where deflated). */
export interface Part10File {
  bytes: Buffer;
  littleEndian: boolean;
  transferSyntaxUID: string;
  meta: DataSet;
  dataSet: DataSet;
  /** Departures from the standard that did not hinder reading. */
  warnings: string[];
  /** `bytes` holds only the beginning of the file: everything before the pixel data was read. */
  headOnly: boolean;
}

export const PIXEL_DATA = '7FE00010';
export const FLOAT_PIXEL_DATA = '7FE00008';
export const DOUBLE_FLOAT_PIXEL_DATA = '7FE00009';
export const isPixelData = (tag: Tag): boolean =>
  tag === PIXEL_DATA || tag === FLOAT_PIXEL_DATA || tag === DOUBLE_FLOAT_PIXEL_DATA;
