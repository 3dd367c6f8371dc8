import { readFileSync } from 'node:fs';
import path from 'node:path';
import { markdownBlocks, textOfInlines, type Block, type Inline } from './blocks';

const inline = (markdown: string): Inline[] => {
  const [block] = markdownBlocks(markdown);
  return 'children' in block ? (block.children as Inline[]) : [];
};

it('reads headings, paragraphs, emphasis and code', () => {
  expect(markdownBlocks('# A *card*\n\nOf `ct-lungs`, **not** ~~a~~ device.')).toEqual([
    {
      kind: 'heading',
      level: 1,
      children: [
        { kind: 'text', text: 'A ' },
        { kind: 'emphasis', children: [{ kind: 'text', text: 'card' }] },
      ],
    },
    {
      kind: 'paragraph',
      children: [
        { kind: 'text', text: 'Of ' },
        { kind: 'code', text: 'ct-lungs' },
        { kind: 'text', text: ', ' },
        { kind: 'strong', children: [{ kind: 'text', text: 'not' }] },
        { kind: 'text', text: ' ' },
        { kind: 'deleted', children: [{ kind: 'text', text: 'a' }] },
        { kind: 'text', text: ' device.' },
      ],
    },
  ]);
});

it('reads lists in lists, and where a numbered one starts', () => {
  const [list] = markdownBlocks('3. first\n   - inner\n4. second\n');
  expect(list).toMatchObject({ kind: 'list', ordered: true, start: 3 });
  const { items } = list as Extract<Block, { kind: 'list' }>;
  expect(items[0][1]).toMatchObject({ kind: 'list', ordered: false });
  expect(items[1]).toEqual([{ kind: 'paragraph', children: [{ kind: 'text', text: 'second' }] }]);
});

it('reads a list of boxes to tick', () => {
  const [list] = markdownBlocks('- [x] tried *twice*\n- [ ] not yet\n');
  const { items } = list as Extract<Block, { kind: 'list' }>;
  const texts = items.map(([first, ...rest]) => [
    'children' in first && textOfInlines(first.children as Inline[]),
    rest.length,
  ]);
  expect(texts).toEqual([
    ['☑ tried twice', 0],
    ['☐ not yet', 0],
  ]);
});

it('reads tables with the alignment of their columns', () => {
  const [table] = markdownBlocks('| Metric | Value |\n|:--|--:|\n| Dice | **0.98** |');
  expect(table).toEqual({
    kind: 'table',
    align: ['left', 'right'],
    header: [[{ kind: 'text', text: 'Metric' }], [{ kind: 'text', text: 'Value' }]],
    rows: [
      [
        [{ kind: 'text', text: 'Dice' }],
        [{ kind: 'strong', children: [{ kind: 'text', text: '0.98' }] }],
      ],
    ],
  });
});

it.each([
  ['[a](https://example.org/x)', 'https://example.org/x'],
  ['[a](http://example.org)', 'http://example.org/'],
  ['<https://example.org>', 'https://example.org/'],
  ['[a](javascript:alert(1))', undefined],
  ['[a](JAVASCRIPT:alert(1))', undefined],
  ['[a](data:text/html;base64,PHNjcmlwdD4=)', undefined],
  ['[a](//example.org)', undefined],
  ['[a](training/README.md)', undefined],
  ['[a](&#106;avascript:alert(1))', undefined],
])('of the link %s keeps the address %s', (markdown, href) => {
  const links = inline(markdown).filter(each => each.kind === 'link');
  expect(links.map(link => link.href)).toEqual(href ? [href] : []);
});

it('shows pictures as their text, and HTML as the text it is', () => {
  expect(inline('![a chart](https://example.org/x.png)')).toEqual([
    { kind: 'text', text: 'a chart' },
  ]);
  expect(textOfInlines(inline('<img src=x onerror=alert(1)>'))).toBe(
    '<img src=x onerror=alert(1)>',
  );
  expect(textOfInlines(inline('a <b onclick="x()">b</b>'))).toContain('<b onclick="x()">');
  expect(markdownBlocks('<!-- to be filled in -->')).toEqual([]);
});

it('reads character references as the characters they are', () => {
  expect(textOfInlines(inline('1 &lt; 2 &amp;&#32;3 &ge; 2, &unknown; \\*'))).toBe(
    '1 < 2 & 3 ≥ 2, &unknown; *',
  );
});

it('takes any text, also none', () => {
  expect(markdownBlocks('')).toEqual([]);
  expect(markdownBlocks('\ufeff# a')).toHaveLength(1);
  expect(() => markdownBlocks('[['.repeat(2000) + '> '.repeat(200))).not.toThrow();
});

it('reads the card of a model of ours whole', () => {
  const card = path.resolve(__dirname, '../../../../models/ct-lungs/MODEL_CARD.md');
  const blocks = markdownBlocks(readFileSync(card, 'utf8'));
  expect(blocks.filter(({ kind }) => kind === 'heading').length).toBeGreaterThan(3);
  expect(blocks.some(({ kind }) => kind === 'table')).toBe(true);
});
