const verdict = (within: boolean) => (within ? 'PASS' : 'OVER');

/** One line of the table: what, how much, how much is allowed, and whether it is kept. */
export const line = (what: string, measured: string, budget: string, within?: boolean) =>
  console.log(
    `${what.padEnd(46)} ${measured.padStart(16)}   ${budget.padEnd(24)} ${within === undefined ? '' : verdict(within)}`,
  );

export const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

export const seconds = (milliseconds = 0) => `${(milliseconds / 1000).toFixed(2)} s`;
