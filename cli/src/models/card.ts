import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelManifest } from '@second-reader/core/model/manifest';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
// The panel's own reader of cards: what it does not show is not shown here either.
import {
  markdownBlocks,
  textOfInlines,
  type Block,
  type Inline,
} from '../../../extension/src/components/markdown/blocks';
import { readManifestOf } from './package';

/** The facts in the order of the panel's card, each with its lines. */
const factsOf = ({ facts, task, files, version }: ModelManifest): Array<[string, string[]]> => {
  const all: Array<[string, string[] | undefined]> = [
    ['Intended use', [facts.intendedUse.en]],
    ['Not for', facts.outOfScope?.map(({ en }) => en)],
    ['Limitations', facts.limitations.map(({ en }) => en)],
    [
      'Performance',
      facts.performance?.map(
        ({ metric, value, measuredOn }) => `${metric.en}: ${value} (${measuredOn.en})`,
      ) ?? ['none stated'],
    ],
    ['Training data', [facts.trainingData.en]],
    ['Regulatory status', [facts.regulatoryStatus?.en ?? 'none stated']],
    ['Licence', [facts.licence]],
    ['Made by', [facts.manufacturer]],
    ['Algorithm', [`${task}, ${facts.algorithmFamily.meaning}`]],
    ['Version', [version]],
    [
      'Files',
      files.map(({ path: file, bytes, sha256 }) => `${file}, ${bytes} bytes, SHA-256 ${sha256}`),
    ],
    ['Citation', facts.citation ? [facts.citation] : undefined],
    ['Contact', facts.contact ? [facts.contact] : undefined],
  ];
  return all.filter((fact): fact is [string, string[]] => fact[1] !== undefined);
};

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map(line => (line ? by + line : line))
    .join('\n');

const textOfTable = ({ header, rows }: Extract<Block, { kind: 'table' }>): string => {
  const cells = [header, ...rows].map(row => row.map(textOfInlines));
  const widths = header.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)));
  return cells
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const textOf = (block: Block): string => {
  switch (block.kind) {
    case 'heading': {
      const text = textOfInlines(block.children);
      return `${text}\n${(block.level === 1 ? '=' : '-').repeat(text.length)}`;
    }
    case 'paragraph':
      return textOfInlines(block.children);
    case 'code':
      return indent(block.text, '    ');
    case 'quote':
      return indent(block.children.map(textOf).join('\n\n'), '> ');
    case 'list':
      return block.items
        .map((item, index) => {
          const mark = block.ordered ? `${block.start + index}. ` : '- ';
          const inner = item.map(textOf).join('\n');
          return mark + indent(inner, ' '.repeat(mark.length)).trimStart();
        })
        .join('\n');
    case 'table':
      return textOfTable(block);
    default:
      return '-'.repeat(40);
  }
};

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const TAGS = { strong: 'strong', emphasis: 'em', deleted: 'del' } as const;

const htmlOfInline = (inline: Inline): string => {
  switch (inline.kind) {
    case 'text':
      return escaped(inline.text);
    case 'code':
      return `<code>${escaped(inline.text)}</code>`;
    case 'break':
      return '<br>';
    case 'link':
      return `<a href="${escaped(inline.href)}" rel="noopener noreferrer">${htmlOfInlines(inline.children)}</a>`;
    default: {
      const tag = TAGS[inline.kind];
      return `<${tag}>${htmlOfInlines(inline.children)}</${tag}>`;
    }
  }
};
const htmlOfInlines = (inlines: readonly Inline[]): string => inlines.map(htmlOfInline).join('');

const htmlOf = (block: Block): string => {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${htmlOfInlines(block.children)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${htmlOfInlines(block.children)}</p>`;
    case 'code':
      return `<pre><code>${escaped(block.text)}</code></pre>`;
    case 'quote':
      return `<blockquote>${block.children.map(htmlOf).join('')}</blockquote>`;
    case 'list': {
      const items = block.items.map(item => `<li>${item.map(htmlOf).join('')}</li>`).join('');
      return block.ordered ? `<ol start="${block.start}">${items}</ol>` : `<ul>${items}</ul>`;
    }
    case 'table': {
      const row = (cells: Inline[][], tag: string) =>
        `<tr>${cells.map(cell => `<${tag}>${htmlOfInlines(cell)}</${tag}>`).join('')}</tr>`;
      const body = block.rows.map(cells => row(cells, 'td')).join('');
      return `<table><thead>${row(block.header, 'th')}</thead><tbody>${body}</tbody></table>`;
    }
    default:
      return '<hr>';
  }
};

const textCard = (manifest: ModelManifest, blocks: Block[]): string => {
  const facts = factsOf(manifest).map(
    ([name, lines]) => `${name}\n${lines.map(line => `  ${line}`).join('\n')}`,
  );
  return `${[manifest.name.en, ...facts, ...blocks.map(textOf)].join('\n\n')}\n`;
};

const htmlCard = (manifest: ModelManifest, blocks: Block[]): string => {
  const facts = factsOf(manifest)
    .map(
      ([name, lines]) =>
        `<dt>${escaped(name)}</dt>${lines.map(line => `<dd>${escaped(line)}</dd>`).join('')}`,
    )
    .join('');
  const title = escaped(manifest.name.en);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><dl>${facts}</dl>${blocks.map(htmlOf).join('\n')}</html>\n`;
};

/**
 * The facts of the manifest and `MODEL_CARD.md`, as the panel's card has them, for a terminal or as a page.
 * Refuses `modelCardMissing` and what reading the manifest refuses.
 */
export const renderCard = async (
  folder: string,
  format: 'text' | 'html',
): Promise<Outcome<string>> => {
  const manifest = await readManifestOf(folder);
  if (!manifest.ok) return manifest;
  const card = await readFile(path.join(folder, 'MODEL_CARD.md'), 'utf8').catch(() => undefined);
  if (card === undefined) {
    return refuse('modelCardMissing', 'MODEL_CARD.md is not there; every package has one.');
  }
  const blocks = markdownBlocks(card);
  return accept(
    format === 'html' ? htmlCard(manifest.value, blocks) : textCard(manifest.value, blocks),
  );
};
