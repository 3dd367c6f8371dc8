import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

export interface MediaType {
  /** Lower case, without parameters. */
  type: string;
  parameters: Record<string, string>;
}

/** Splits at `separator` outside quoted strings (RFC 9110 5.6.4). */
export function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let current = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted && character === '\\') {
      current += character + (text[++i] ?? '');
    } else if (!quoted && character === separator) {
      parts.push(current);
      current = '';
    } else {
      if (character === '"') quoted = !quoted;
      current += character;
    }
  }
  parts.push(current);
  return parts.map(part => part.trim()).filter(Boolean);
}

/** A media type with its parameters; names in lower case, quotes taken off. */
export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = splitUnquoted(text, ';');
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const at = parameter.indexOf('=');
    if (at > 0) {
      const value = parameter.slice(at + 1).trim();
      parameters[parameter.slice(0, at).trim().toLowerCase()] = /^".*"$/s.test(value)
        ? value.slice(1, -1).replace(/\\(.)/g, '$1')
        : value;
    }
  }
  return { type: type.toLowerCase(), parameters };
}

export interface Part {
  headers: Record<string, string>;
  body: Buffer;
}

const CRLF = Buffer.from('\r\n');
const HEADER_END = Buffer.from('\r\n\r\n');

function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0) headers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  return headers;
}

/**
 * Parts of a multipart body (RFC 2046 5.1). Bodies are views of `body`. A body that ends without its
 * closing delimiter was cut short on the way: `complete` is false and the last part is not trusted.
 */
export function parseMultipart(
  body: Buffer,
  boundary: string,
): Outcome<{ parts: Part[]; complete: boolean }> {
  const delimiter = Buffer.from(`--${boundary}`);
  const between = Buffer.concat([CRLF, delimiter]);
  let at = body.indexOf(delimiter);
  if (at !== 0 && at !== -1) at = body.indexOf(between) + 2;
  if (at < 0 || (at === 1 && body.indexOf(between) === -1)) {
    return refuse(
      'badMultipart',
      `The body has no part that begins with the boundary "${boundary}".`,
      {
        boundary,
      },
    );
  }
  const parts: Part[] = [];
  for (;;) {
    at += delimiter.length;
    if (body.toString('latin1', at, at + 2) === '--') {
      return accept({ parts, complete: true });
    }
    const lineEnd = body.indexOf(CRLF, at);
    if (lineEnd < 0) return accept({ parts, complete: false });
    // A part without headers has its empty line at once.
    const headerEnd =
      body.indexOf(HEADER_END, lineEnd) === lineEnd
        ? lineEnd
        : body.indexOf(HEADER_END, lineEnd + 2);
    if (headerEnd < 0) return accept({ parts, complete: false });
    const start = headerEnd + HEADER_END.length;
    const next = body.indexOf(between, start);
    const headers = parseHeaders(body.toString('latin1', lineEnd + 2, headerEnd));
    parts.push({ headers, body: body.subarray(start, next < 0 ? body.length : next) });
    if (next < 0) return accept({ parts, complete: false });
    at = next + 2;
  }
}
