import { lexer, type Token, type Tokens } from 'marked';

/**
 * Markdown as plain data: what a model card may hold, and nothing that could run. Pictures become
 * their alternative text, raw HTML becomes the text it is, and a link keeps its address only when
 * that is a web page's.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'emphasis' | 'deleted'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

export type Alignment = 'left' | 'center' | 'right' | undefined;

export type Block =
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { kind: 'table'; align: Alignment[]; header: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  times: '×',
  minus: '−',
  plusmn: '±',
  le: '≤',
  ge: '≥',
  ndash: '–',
  mdash: '—',
};

/** Character references (CommonMark 6.2): all numbers, and the names that cards use. */
const unescaped = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const point = hex ? parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  });

/** The address of a web page; of anything else (javascript:, data:, a file of the package) nothing. */
const webAddress = (href: string): string | undefined => {
  try {
    const url = new URL(href);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
  } catch {
    return undefined;
  }
};

/** Comments say nothing to a reader. */
const withoutComments = (html: string): string => html.replace(/<!--[\s\S]*?-->/g, '').trim();

const inlinesOf = (tokens: readonly Token[] | undefined): Inline[] =>
  (tokens ?? []).flatMap((token): Inline[] => {
    switch (token.type) {
      case 'text': {
        const { tokens: nested, text } = token as Tokens.Text;
        return nested ? inlinesOf(nested) : [{ kind: 'text', text: unescaped(text) }];
      }
      case 'escape':
        return [{ kind: 'text', text: (token as Tokens.Escape).text }];
      case 'strong':
        return [{ kind: 'strong', children: inlinesOf((token as Tokens.Strong).tokens) }];
      case 'em':
        return [{ kind: 'emphasis', children: inlinesOf((token as Tokens.Em).tokens) }];
      case 'del':
        return [{ kind: 'deleted', children: inlinesOf((token as Tokens.Del).tokens) }];
      case 'codespan':
        return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'image': {
        const { text } = token as Tokens.Image;
        return text ? [{ kind: 'text', text: unescaped(text) }] : [];
      }
      case 'link': {
        const { href, tokens: nested } = token as Tokens.Link;
        const address = webAddress(href);
        const children = inlinesOf(nested);
        return address ? [{ kind: 'link', href: address, children }] : children;
      }
      case 'html': {
        const text = withoutComments((token as Tokens.HTML).text);
        if (/^<br\s*\/?>$/i.test(text)) return [{ kind: 'break' }];
        return text ? [{ kind: 'text', text }] : [];
      }
      case 'checkbox':
        return [{ kind: 'text', text: (token as Tokens.Checkbox).checked ? '☑ ' : '☐ ' }];
      default:
        return 'text' in token ? [{ kind: 'text', text: unescaped(String(token.text)) }] : [];
    }
  });

const blockOf = (token: Token): Block[] => {
  switch (token.type) {
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading;
      return [{ kind: 'heading', level: depth, children: inlinesOf(tokens) }];
    }
    case 'paragraph':
      return [{ kind: 'paragraph', children: inlinesOf((token as Tokens.Paragraph).tokens) }];
    case 'code':
      return [{ kind: 'code', text: (token as Tokens.Code).text }];
    case 'blockquote':
      return [{ kind: 'quote', children: blocksOf((token as Tokens.Blockquote).tokens) }];
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const contents = items.map(item => blocksOf(item.tokens));
      return [{ kind: 'list', ordered, start: Number(start) || 1, items: contents }];
    }
    case 'table': {
      const { align, header, rows } = token as Tokens.Table;
      return [
        {
          kind: 'table',
          align: align.map(each => each ?? undefined),
          header: header.map(cell => inlinesOf(cell.tokens)),
          rows: rows.map(row => row.map(cell => inlinesOf(cell.tokens))),
        },
      ];
    }
    case 'hr':
      return [{ kind: 'rule' }];
    case 'html': {
      const text = withoutComments((token as Tokens.HTML).text);
      return text ? [{ kind: 'paragraph', children: [{ kind: 'text', text }] }] : [];
    }
    default:
      return [];
  }
};

const isBare = ({ type }: Token): boolean => type === 'text' || type === 'checkbox';

/** The bare texts of a tight list's item are one paragraph, its box to tick included. */
function blocksOf(tokens: readonly Token[]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const from = at;
    while (at < tokens.length && isBare(tokens[at])) at++;
    if (at > from) blocks.push({ kind: 'paragraph', children: inlinesOf(tokens.slice(from, at)) });
    if (at < tokens.length) blocks.push(...blockOf(tokens[at]));
  }
  return blocks;
}

/** GitHub-flavoured Markdown as blocks; never throws on text of any kind. */
export const markdownBlocks = (markdown: string): Block[] =>
  blocksOf(lexer(markdown.replace(/^\ufeff/, ''), { gfm: true }));

/** A block's text alone, as for a terminal. */
export const textOfInlines = (inlines: readonly Inline[]): string =>
  inlines
    .map(inline => {
      if ('children' in inline) return textOfInlines(inline.children);
      return inline.kind === 'break' ? '\n' : inline.text;
    })
    .join('');
