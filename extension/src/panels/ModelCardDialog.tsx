import * as Dialog from '@radix-ui/react-dialog';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { Markdown } from '../components/markdown/Markdown';
import { operatingPointFacts } from '../components/operatingPoints';
import type { Outcome } from '../core/outcome';
import type { ModelState } from '../core/reading/state';
import { useReading } from '../hooks/ReadingContext';

/** The button that opens a model's card, and the card: what to know before trusting a result. */
export function ModelCardDialog({ model }: { model: ModelState }) {
  const { texts } = useReading();
  const { t } = texts;
  const [open, setOpen] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  const name = texts.own(model.name);

  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button
          look="icon"
          icon="info"
          data-cy={`ai-model-card-${model.modelId}`}
          aria-label={t('card.open', { model: name })}
          title={t('card.open', { model: name })}
        />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="sr-root sr-dialog-overlay" />
        <Dialog.Content
          className="sr-root sr-dialog"
          data-cy="ai-card-dialog"
          data-model-id={model.modelId}
          aria-describedby={undefined}
          // To the text, which the arrow keys then scroll; Tab goes to its links and the button.
          onOpenAutoFocus={event => {
            event.preventDefault();
            body.current?.focus();
          }}
          // While the card is open no key is the host's.
          onKeyDown={event => event.stopPropagation()}
        >
          <header className="sr-dialog-head">
            <Dialog.Title className="sr-dialog-title">
              {name} <span className="sr-quiet">{model.version}</span>
            </Dialog.Title>
            <Dialog.Close asChild>
              <Button
                look="icon"
                icon="dismiss"
                data-cy="ai-card-close"
                aria-label={t('card.close')}
                title={t('card.close')}
              />
            </Dialog.Close>
          </header>
          <div ref={body} className="sr-dialog-body" tabIndex={0} role="document">
            <Facts model={model} />
            <Card modelId={model.modelId} />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="sr-fact" data-fact={name}>
      <dt>{useReading().texts.t(`card.${name}`)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What the manifest itself declares, which was checked with the model; the card below is prose. */
function Facts({ model }: { model: ModelState }) {
  const { texts } = useReading();
  const { t, own } = texts;
  const { facts } = model;
  const list = (items: ReadonlyArray<Parameters<typeof own>[0]>) => (
    <ul>
      {items.map((item, index) => (
        <li key={index}>{own(item)}</li>
      ))}
    </ul>
  );

  return (
    <dl className="sr-facts">
      <Fact name="intendedUse">{own(facts.intendedUse)}</Fact>
      {facts.outOfScope && facts.outOfScope.length > 0 && (
        <Fact name="outOfScope">{list(facts.outOfScope)}</Fact>
      )}
      <Fact name="limitations">{list(facts.limitations)}</Fact>
      <Fact name="performance">
        {facts.performance && facts.performance.length > 0 ? (
          <table>
            <thead>
              <tr>
                <th>{t('card.metric')}</th>
                <th>{t('card.value')}</th>
                <th>{t('card.measuredOn')}</th>
              </tr>
            </thead>
            <tbody>
              {facts.performance.map(({ metric, value, measuredOn }, index) => (
                <tr key={index}>
                  <td>{own(metric)}</td>
                  <td>{value}</td>
                  <td>{own(measuredOn)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          t('card.noneStated')
        )}
      </Fact>
      {model.operatingPoints.length > 0 && (
        <Fact name="operatingPoints">
          <ul>
            {model.operatingPoints.map(point => (
              <li key={point.key}>
                {own(point.name)}: {operatingPointFacts(point, texts)}
                {point.measuredOn &&
                  ` (${t('operatingPoint.measuredOn', { data: own(point.measuredOn) })})`}
              </li>
            ))}
          </ul>
        </Fact>
      )}
      <Fact name="trainingData">{own(facts.trainingData)}</Fact>
      <Fact name="regulatoryStatus">
        {facts.regulatoryStatus ? own(facts.regulatoryStatus) : t('card.noneStated')}
      </Fact>
      <Fact name="licence">{facts.licence}</Fact>
      <Fact name="manufacturer">{facts.manufacturer}</Fact>
      <Fact name="algorithm">{`${t(`task.${model.task}`)}, ${facts.algorithmFamily.meaning}`}</Fact>
      <Fact name="version">{model.version}</Fact>
      <Fact name="size">{texts.bytes(model.bytes)}</Fact>
      <Fact name="sha256">
        <code className="sr-hash">{model.sha256}</code>
      </Fact>
      {facts.citation && <Fact name="citation">{facts.citation}</Fact>}
      {facts.contact && <Fact name="contact">{facts.contact}</Fact>}
    </dl>
  );
}

/** `MODEL_CARD.md` as its author wrote it, in the author's language. */
function Card({ modelId }: { modelId: string }) {
  const { modelCard, texts } = useReading();
  const { t } = texts;
  const [card, setCard] = useState<Outcome<string>>();

  useEffect(() => {
    let wanted = true;
    setCard(undefined);
    void modelCard(modelId).then(outcome => {
      if (wanted) setCard(outcome);
    });
    return () => {
      wanted = false;
    };
  }, [modelCard, modelId]);

  return (
    <section className="sr-card" aria-label={t('card.written')} data-cy="ai-card-text">
      <h3>{t('card.written')}</h3>
      {!card && <p role="status">{t('card.loading')}</p>}
      {card && !card.ok && (
        <p role="alert" data-cy="ai-card-refusal" data-code={card.refusal.code}>
          {texts.refusal(card.refusal)}
        </p>
      )}
      {card?.ok && <Markdown text={card.value} />}
    </section>
  );
}
