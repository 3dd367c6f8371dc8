import { accept, refuse, type Outcome } from '../outcome';
import type { DisplaySetSummary } from '../reading/ports';
import { channelsOf, type ModelChannel, type ModelManifest } from './manifest';

type Selector = NonNullable<ModelChannel['selector']>;

/** Modalities that fill a channel: for the first one those of a `modality` gate, where there is one. */
const modalitiesOf = (
  { gates, inputs }: Pick<ModelManifest, 'gates' | 'inputs'>,
  channel: ModelChannel,
): string[] => {
  const gate = gates.find(candidate => candidate.gate === 'modality');
  return channel === channelsOf({ inputs })[0] && gate?.gate === 'modality'
    ? gate.allowed
    : [channel.modality];
};

/** All that a series is called: by the host, by SeriesDescription and by ProtocolName. */
const textsOf = ({ description, slices }: DisplaySetSummary): string[] => [
  ...new Set(
    [description, slices[0]?.seriesDescription, slices[0]?.protocolName].filter(
      (text): text is string => !!text,
    ),
  ),
];

function fits(series: DisplaySetSummary, selector: Selector | undefined): boolean {
  const { description, notDescription, imageType, contrast } = selector ?? {};
  const texts = textsOf(series);
  const isCalled = (pattern: string) => texts.some(text => new RegExp(pattern, 'i').test(text));
  const [first] = series.slices;
  const types = (first?.imageType ?? []).map(value => value.toUpperCase());
  const hasContrast = series.slices.some(slice => !!slice.contrastBolusAgent?.trim());
  return (
    (description === undefined || isCalled(description)) &&
    (notDescription === undefined || !isCalled(notDescription)) &&
    (imageType ?? []).every(value => types.includes(value.toUpperCase())) &&
    (contrast === undefined || contrast === hasContrast)
  );
}

/** What a selector asks for, for people. */
function selectorText(modalities: string[], selector: Selector | undefined): string {
  const { description, notDescription, imageType, contrast } = selector ?? {};
  return [
    modalities.join(' or '),
    description && `description like "${description}"`,
    notDescription && `description not like "${notDescription}"`,
    imageType && `image type ${imageType.join('\\')}`,
    contrast !== undefined && (contrast ? 'with contrast agent' : 'without contrast agent'),
  ]
    .filter(Boolean)
    .join(', ');
}

const seriesText = ({ modality, description, slices }: DisplaySetSummary): string =>
  `${modality} "${description}" (${slices.length})`;

/** Channels of which each is one series: those with equal modality and selector share theirs. */
interface Wanted {
  channel: ModelChannel;
  modalities: string[];
  /** In order of preference. */
  candidates: DisplaySetSummary[];
}

/** The first assignment in order of preference in which no series is taken twice. */
function assign(
  wanted: Wanted[],
  taken: DisplaySetSummary[] = [],
): DisplaySetSummary[] | undefined {
  if (taken.length === wanted.length) return taken;
  for (const candidate of wanted[taken.length].candidates) {
    if (taken.includes(candidate)) continue;
    const whole = assign(wanted, [...taken, candidate]);
    if (whole) return whole;
  }
  return undefined;
}

const sameSelector = (a: ModelChannel, b: ModelChannel): boolean =>
  a.modality === b.modality &&
  JSON.stringify(a.selector ?? {}) === JSON.stringify(b.selector ?? {});

/**
 * The series of the study that fill a model's channels, one a channel in the manifest's order: the
 * reference fills the first one, on whose grid results lie. No series fills two channels unless their
 * modality and selector are the same. Where several fit, those of the reference's frame of reference
 * go before the others, then those with more slices.
 *
 * Refuses `channelMissing`, naming the channel, what it asks for, and the series that there are.
 *
 * @param displaySets of the open study
 * @param reference fills the first channel
 */
export function selectSeries(
  manifest: Pick<ModelManifest, 'gates' | 'inputs'>,
  displaySets: readonly DisplaySetSummary[],
  reference: DisplaySetSummary,
): Outcome<DisplaySetSummary[]> {
  const channels = channelsOf(manifest);
  const distinct = channels.filter(
    (channel, index) => channels.findIndex(other => sameSelector(other, channel)) === index,
  );
  const isNear = (series: DisplaySetSummary) =>
    series.frameOfReferenceUID !== undefined &&
    series.frameOfReferenceUID === reference.frameOfReferenceUID;
  const wanted = distinct.map((channel, index): Wanted => {
    const modalities = modalitiesOf(manifest, channel);
    const candidates = (index === 0 ? [reference] : displaySets)
      .filter(series => modalities.includes(series.modality) && fits(series, channel.selector))
      .sort((a, b) => Number(isNear(b)) - Number(isNear(a)) || b.slices.length - a.slices.length);
    return { channel, modalities, candidates };
  });
  const chosen = assign(wanted);
  if (chosen) {
    return accept(
      channels.map(channel => chosen[distinct.findIndex(other => sameSelector(other, channel))]),
    );
  }
  // None fits at all; or each that fits is needed for a channel before it.
  const missing =
    wanted.find(({ candidates }) => candidates.length === 0) ??
    wanted.find((_, index) => !assign(wanted.slice(0, index + 1)))!;
  const selector = selectorText(missing.modalities, missing.channel.selector);
  // The reference alone is to blame where another series of the study would do.
  const isReference =
    missing === wanted[0] &&
    displaySets.some(
      other => missing.modalities.includes(other.modality) && fits(other, missing.channel.selector),
    );
  const considered = isReference ? [reference] : displaySets;
  const series = considered.map(seriesText).join(', ') || '–';
  const { key } = missing.channel;
  return refuse(
    'channelMissing',
    `No series fills the channel "${key}" (${selector}); ${isReference ? 'this series is' : 'the study has'}: ${series}.`,
    { channel: key, selector, series },
  );
}
