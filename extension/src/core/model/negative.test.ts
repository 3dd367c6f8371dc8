import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from './validate';

const folder = path.resolve(__dirname, '../../../../tests/fixtures/negative');
const text = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const mistakes = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => name.replace(/\.json$/, ''));

/** Each manifest has one mistake that researchers make, and beside it the message it gets. */
describe('a manifest with a mistake', () => {
  it('is kept for at least twenty of them', () => {
    expect(mistakes.length).toBeGreaterThanOrEqual(20);
  });

  it.each(mistakes)('gets a message to act on: %s', name => {
    const { problems } = readManifest(JSON.parse(text(`${name}.json`)));
    expect(`${problems.join('\n')}\n`).toBe(text(`${name}.txt`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^\$\.[a-zA-Z]+.* (is|has) .*; .+\.$/);
  });
});
