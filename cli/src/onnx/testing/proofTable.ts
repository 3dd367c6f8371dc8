import type { Difference } from '../prove';

interface Row {
  cases: number;
  absolute: number;
  relative: number;
}

/** Collects what was proven and prints it once, at the end of a test file. */
export class ProofTable {
  private readonly rows = new Map<string, Row>();

  note(rewrite: string, { absolute, relative }: Pick<Difference, 'absolute' | 'relative'>): void {
    const row = this.rows.get(rewrite) ?? { cases: 0, absolute: 0, relative: 0 };
    this.rows.set(rewrite, {
      cases: row.cases + 1,
      absolute: Math.max(row.absolute, absolute),
      relative: Math.max(row.relative, relative),
    });
  }

  print(title: string): void {
    const number = (value: number) => value.toExponential(1).padStart(9);
    const lines = [...this.rows].map(
      ([rewrite, { cases, absolute, relative }]) =>
        `${rewrite.padEnd(26)} ${String(cases).padStart(5)}  ${number(absolute)}  ${number(relative)}`,
    );
    const head = `${'rewrite'.padEnd(26)} cases   absolute   relative`;
    process.stdout.write(`\n${title}, largest difference:\n${[head, ...lines].join('\n')}\n`);
  }
}
