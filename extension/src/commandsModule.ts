import { z } from 'zod';
import { refusal, type Refusal } from './core/outcome';
import { REJECTION_REASONS, VERDICTS } from './core/review/types';
import { WITHDRAWAL_REASONS } from './core/review/withdrawal';
import type { Reading } from './core/reading/reading';

/** Where the commands live: `commandsManager.runCommand(name, options, 'SECOND_READER')`. */
export const COMMANDS_CONTEXT = 'SECOND_READER';

/** Hosts add keys of their own to a command's options (the event, the button, …). */
const nothing = z.looseObject({});

interface Command {
  run(options: unknown): unknown;
}

/** A command whose options are parsed: callers are hotkeys, toolbar buttons and other extensions. */
const command = <T>(
  name: string,
  schema: z.ZodType<T>,
  act: (options: T) => unknown,
  warn: (shown: Refusal) => void,
): Command => ({
  run(options) {
    const parsed = schema.safeParse(options ?? {});
    if (parsed.success) return act(parsed.data);
    const [issue] = parsed.error.issues;
    const path = issue.path.join('.') || '–';
    warn(
      refusal('badCommandOptions', `${name}: option "${path}": ${issue.message}`, {
        name,
        path,
        detail: issue.message,
      }),
    );
    return undefined;
  },
});

/** OHIF's commands module: the only way in which anything changes a reading. */
export const getCommandsModule = (reading: Reading, warn: (shown: Refusal) => void) => {
  const selected = () => reading.state.get().selectedFindingId;
  const reviewOptions = z.looseObject({
    findingId: z.string().optional(),
    verdict: z.enum(VERDICTS),
    reason: z.enum(REJECTION_REASONS).optional(),
  });

  const commands = {
    runModel: command(
      'runModel',
      z.looseObject({
        modelId: z.string(),
        displaySetInstanceUID: z.string().optional(),
        operatingPoint: z.string().optional(),
      }),
      options => reading.runModel(options),
      warn,
    ),
    cancelRun: command('cancelRun', nothing, () => reading.cancelRun(), warn),
    toggleAI: command('toggleAI', nothing, () => reading.toggleAI(), warn),
    selectFinding: command(
      'selectFinding',
      z.looseObject({ findingId: z.string() }),
      options => reading.selectFinding(options),
      warn,
    ),
    // Hotkeys judge the finding that is chosen: they know no id.
    reviewFinding: command(
      'reviewFinding',
      reviewOptions,
      options => {
        const findingId = options.findingId ?? selected();
        if (findingId) reading.reviewFinding({ ...options, findingId });
        else warn(refusal('noFindingSelected', 'No finding is selected; select one first'));
      },
      warn,
    ),
    nextUnreviewedFinding: command(
      'nextUnreviewedFinding',
      nothing,
      () => reading.nextUnreviewedFinding(),
      warn,
    ),
    openRejection: command(
      'openRejection',
      z.looseObject({ findingId: z.string().optional() }),
      options => reading.openRejection(options),
      warn,
    ),
    closeRejection: command('closeRejection', nothing, () => reading.closeRejection(), warn),
    storeEvidence: command('storeEvidence', nothing, () => reading.storeEvidence(), warn),
    withdrawEvidence: command(
      'withdrawEvidence',
      z.looseObject({ runId: z.string(), reason: z.enum(WITHDRAWAL_REASONS) }),
      options => reading.withdrawEvidence(options),
      warn,
    ),
    toggleRun: command(
      'toggleRun',
      z.looseObject({ runId: z.string() }),
      options => reading.toggleRun(options),
      warn,
    ),
    compareRuns: command(
      'compareRuns',
      z.looseObject({ a: z.string(), b: z.string() }),
      options => reading.compareRuns(options),
      warn,
    ),
    closeComparison: command('closeComparison', nothing, () => reading.closeComparison(), warn),
    compareSideBySide: command(
      'compareSideBySide',
      nothing,
      () => reading.compareSideBySide(),
      warn,
    ),
    retryOutbox: command('retryOutbox', nothing, () => reading.retryOutbox(), warn),
    dismissRefusal: command(
      'dismissRefusal',
      z.looseObject({ code: z.string() }),
      options => reading.dismissRefusal(options),
      warn,
    ),
  };

  return {
    definitions: Object.fromEntries(
      Object.entries(commands).map(([name, { run }]) => [
        name,
        { commandFn: run, storeContexts: [], options: {} },
      ]),
    ),
    defaultContext: COMMANDS_CONTEXT,
  };
};
