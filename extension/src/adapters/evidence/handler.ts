import { accept, type Refusal } from '../../core/outcome';
import type { EvidenceReader, EvidenceWriter } from '../../core/reading/ports';
import type { WithdrawnRun } from '../../core/review/withdrawal';
import { requestSchema, type WorkerReport } from './messages';
import { createAssembly, withArrays } from './pieces';

export interface HandlerPorts {
  writer: EvidenceWriter;
  reader: EvidenceReader;
  post(report: WorkerReport, transfer?: Transferable[]): void;
}

/** What the worker does with a message, apart from being a worker. */
export const createHandler = ({ writer, reader, post }: HandlerPorts) => {
  const assembly = createAssembly();

  const answer = async (id: number, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      post({
        type: 'failed',
        id,
        detail: error instanceof Error ? error.message : String(error),
      });
    }
  };

  return async (message: unknown): Promise<void> => {
    const parsed = requestSchema.safeParse(message);
    if (!parsed.success) return post({ type: 'misunderstood', detail: parsed.error.message });
    const request = parsed.data;
    switch (request.type) {
      case 'hello':
        return undefined;
      case 'piece':
        return assembly.add(request.id, request);
      case 'write':
        return answer(request.id, async () => {
          const whole = withArrays(request.request, assembly.take(request.id));
          const outcome = await writer.write(whole);
          const transfer = outcome.ok ? outcome.value.map(({ part10 }) => part10) : [];
          post({ type: 'written', id: request.id, outcome }, [...new Set(transfer)]);
        });
      case 'withdraw':
        return answer(request.id, async () => {
          const note = await writer.withdraw(request.request);
          const outcome = note.ok ? accept([note.value]) : note;
          post({ type: 'written', id: request.id, outcome });
        });
      case 'read':
        return answer(request.id, async () => {
          const refused: Refusal[] = [];
          const withdrawn: WithdrawnRun[] = [];
          const files = assembly.take(request.id);
          const outcome = await reader.read(
            files,
            request.source,
            told => refused.push(told),
            run => withdrawn.push(run),
          );
          const transfer = (outcome.ok ? outcome.value : []).flatMap(({ run }) => [
            ...(run.labelMap ? [run.labelMap.voxels.buffer] : []),
            ...(run.maps ?? []).map(({ values }) => values.buffer),
          ]) as ArrayBuffer[];
          post({ type: 'read', id: request.id, outcome, refused, withdrawn }, [
            ...new Set(transfer),
          ]);
        });
    }
  };
};
