import { readFileSync } from 'node:fs';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import { authorizationFrom } from '../start/proxy';

export interface Credentials {
  /** "Name: value", as often as given. */
  header?: string[];
  tokenFile?: string;
}

const readToken = (file: string): string => {
  const text = readFileSync(file, 'utf8').trim();
  // A whole Authorization value ("Basic …"), or a token alone.
  return /\s/.test(text) ? text : `Bearer ${text}`;
};

/**
 * The headers that an archive asks for: `--header` before `--token-file` before the environment. The
 * file is read for each request, so a token that another program renews is the new one.
 *
 * Refuses with `badHeader`, `tokenFileUnusable`.
 */
export const headersOf = (
  { header = [], tokenFile }: Credentials,
  env: NodeJS.ProcessEnv,
): Outcome<() => Record<string, string>> => {
  const given = new Headers();
  for (const text of header) {
    const [, name, value] = /^([^:]+):\s*(.*)$/s.exec(text) ?? [];
    try {
      if (name === undefined) throw new Error('no colon');
      given.set(name.trim(), value);
    } catch {
      // Not repeated: it may hold a secret.
      return refuse(
        'badHeader',
        "--header takes 'Name: value', such as 'Authorization: Bearer …'.",
      );
    }
  }
  let token: string | undefined;
  const refresh = () => {
    if (tokenFile) token = readToken(tokenFile);
  };
  try {
    refresh();
    if (token) new Headers({ authorization: token });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no header can hold it';
    return refuse('tokenFileUnusable', `--token-file ${tokenFile} cannot be used (${reason}).`, {
      file: tokenFile!,
      reason,
    });
  }
  const fromEnvironment = authorizationFrom(env);
  return accept(() => {
    try {
      refresh();
    } catch {
      // Being replaced at this moment: the one before is tried.
    }
    const authorization = token ?? fromEnvironment;
    return { ...(authorization && { authorization }), ...Object.fromEntries(given) };
  });
};
