/** A measurement of a structured report, as far as the host's own reader of reports has it. */
interface ReportedMeasurement {
  /** Empty of what is said of a whole series: a classification, a number, a verdict. */
  coords: unknown[];
}

type BeforeSRAddMeasurement = (added: { measurement: ReportedMeasurement }) => ReportedMeasurement;

/**
 * What is looked at next is the first of the coordinates, and the host (3.11–3.14) throws where there
 * is none: then nothing of the report is shown. Of an empty one it sees that it is on no image.
 */
const withCoordinates = (measurement: ReportedMeasurement): ReportedMeasurement =>
  measurement.coords.length > 0 ? measurement : { ...measurement, coords: [{}] };

/**
 * Defaults of ours among the host's. `onBeforeSRAddMeasurement` is what the host calls with each
 * measurement of a report that it opens: whatever stood there before still runs, and a site's own
 * (of the scopes `global` and `mode`) takes the place of ours.
 */
export function getCustomizationModule(): Array<{ name: 'default'; value: unknown }> {
  return [
    {
      name: 'default',
      value: {
        onBeforeSRAddMeasurement: {
          $apply:
            (before?: BeforeSRAddMeasurement): BeforeSRAddMeasurement =>
            added =>
              withCoordinates(before ? before(added) : added.measurement),
        },
      },
    },
  ];
}
