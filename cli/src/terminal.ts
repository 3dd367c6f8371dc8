import type { Refusal } from '@second-reader/core/outcome';

/** Where a command speaks. */
export interface Terminal {
  say(line: string): void;
  complain(line: string): void;
  /** A line that the next one replaces; nothing where the output is not a terminal. */
  progress(line: string): void;
}

export function systemTerminal(): Terminal {
  const { stdout, stderr } = process;
  let dirty = false;
  const clear = () => {
    if (dirty) stdout.write('\r\x1b[K');
    dirty = false;
  };
  return {
    say(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    complain(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(line) {
      if (!stdout.isTTY) return;
      stdout.write(`\r\x1b[K${line.slice(0, (stdout.columns || 80) - 1)}`);
      dirty = true;
    },
  };
}

/** One clear sentence, and exit code 1 when the process ends. */
export function fail(terminal: Terminal, refusal: Refusal): void {
  terminal.complain(refusal.message);
  process.exitCode = 1;
}
