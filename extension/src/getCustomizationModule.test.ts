import { getCustomizationModule } from './getCustomizationModule';

interface Measurement {
  coords: unknown[];
  label?: string;
}
type Added = (added: { measurement: Measurement; StudyInstanceUID?: string }) => Measurement;

/** What the host makes of our default: `$apply` is given what stood there before. */
const added = (before?: Added): Added => {
  const [{ name, value }] = getCustomizationModule();
  expect(name).toBe('default');
  const { onBeforeSRAddMeasurement } = value as {
    onBeforeSRAddMeasurement: { $apply(before?: Added): Added };
  };
  return onBeforeSRAddMeasurement.$apply(before);
};

describe('a measurement of a report that the host opens', () => {
  it('has a first coordinate to look at, which is on no image, where it had none', () => {
    const measurement: Measurement = { coords: [] };
    expect(added()({ measurement })).toEqual({ coords: [{}] });
    expect(measurement.coords).toEqual([]);
  });

  it('stays the host’s own object where it has a place: the host marks it as drawn', () => {
    const measurement: Measurement = { coords: [{ GraphicType: 'POINT' }] };
    expect(added()({ measurement })).toBe(measurement);
  });

  it('is first given to what stood there before, with all that the host tells', () => {
    const before: Added = ({ measurement, StudyInstanceUID }) => ({
      ...measurement,
      label: `of ${StudyInstanceUID}`,
    });
    expect(added(before)({ measurement: { coords: [] }, StudyInstanceUID: '1.2' })).toEqual({
      coords: [{}],
      label: 'of 1.2',
    });
  });
});
