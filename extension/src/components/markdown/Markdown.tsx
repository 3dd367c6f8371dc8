import { createElement, useMemo, type ReactNode } from 'react';
import { markdownBlocks, type Block, type Inline } from './blocks';

function inlineNodes(inlines: readonly Inline[]): ReactNode[] {
  return inlines.map((inline, index) => {
    switch (inline.kind) {
      case 'text':
        return inline.text;
      case 'code':
        return <code key={index}>{inline.text}</code>;
      case 'break':
        return <br key={index} />;
      case 'strong':
        return <strong key={index}>{inlineNodes(inline.children)}</strong>;
      case 'emphasis':
        return <em key={index}>{inlineNodes(inline.children)}</em>;
      case 'deleted':
        return <del key={index}>{inlineNodes(inline.children)}</del>;
      case 'link':
        return (
          <a key={index} href={inline.href} target="_blank" rel="noopener noreferrer">
            {inlineNodes(inline.children)}
          </a>
        );
    }
  });
}

/** The one paragraph of a list's item stands in it as it is. */
function itemNodes(blocks: readonly Block[], under: number): ReactNode {
  const [first, ...rest] = blocks;
  if (first?.kind !== 'paragraph') return blockNodes(blocks, under);
  return (
    <>
      {inlineNodes(first.children)}
      {blockNodes(rest, under)}
    </>
  );
}

function blockNodes(blocks: readonly Block[], under: number): ReactNode[] {
  return blocks.map((block, index) => {
    switch (block.kind) {
      case 'heading':
        // The card's own first heading stands below the headings of the dialog around it.
        return createElement(
          `h${Math.min(6, under + block.level)}`,
          { key: index, 'data-level': block.level },
          ...inlineNodes(block.children),
        );
      case 'paragraph':
        return <p key={index}>{inlineNodes(block.children)}</p>;
      case 'code':
        return (
          <pre key={index} tabIndex={0}>
            <code>{block.text}</code>
          </pre>
        );
      case 'quote':
        return <blockquote key={index}>{blockNodes(block.children, under)}</blockquote>;
      case 'list': {
        const items = block.items.map((item, at) => <li key={at}>{itemNodes(item, under)}</li>);
        return block.ordered ? (
          <ol key={index} start={block.start}>
            {items}
          </ol>
        ) : (
          <ul key={index}>{items}</ul>
        );
      }
      case 'table':
        return (
          <div key={index} className="sr-markdown-table" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  {block.header.map((cell, at) => (
                    <th key={at} style={{ textAlign: block.align[at] }}>
                      {inlineNodes(cell)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {block.rows.map((row, at) => (
                  <tr key={at}>
                    {row.map((cell, column) => (
                      <td key={column} style={{ textAlign: block.align[column] }}>
                        {inlineNodes(cell)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        );
      case 'rule':
        return <hr key={index} />;
    }
  });
}

/**
 * Markdown of someone else's as elements of ours: no HTML of the text reaches the page.
 *
 * @param under level of the heading that the text stands below
 */
export function Markdown({ text, under = 3 }: { text: string; under?: number }) {
  const blocks = useMemo(() => markdownBlocks(text), [text]);
  return <div className="sr-markdown">{blockNodes(blocks, under)}</div>;
}
