import { heatGradient } from '../core/findings/heatColours';
import type { MapRange } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';

/** The colours of a map from its lowest to its highest value, with the unit where it has one. */
export function MapLegend({ range: { min, max, unit } }: { range: MapRange }) {
  const { texts } = useReading();
  const { t, quantity } = texts;
  const [low, high] = [min, max].map(value => quantity(value, unit.value, unit.meaning));
  return (
    <span
      className="sr-legend"
      role="img"
      aria-label={t('panel.legend', { min: low, max: high })}
      data-cy="ai-map-legend"
    >
      <span className="sr-number">{low}</span>
      <span className="sr-legend-ramp" style={{ background: heatGradient() }} />
      <span className="sr-number">{high}</span>
    </span>
  );
}
