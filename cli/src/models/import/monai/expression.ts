/**
 * The small part of Python that bundles' `$` expressions need to be read: literals, lists, tuples,
 * arithmetic, comparison, indexing, a few functions, `@references`, and a lambda that compares its
 * argument with a number. Whatever else is met is a problem with its own words.
 */

export class ExpressionProblem extends Error {}

/** `lambda x: x > 0` as what it does. */
export interface Comparison {
  lambda: '>' | '>=' | '<' | '<=' | '!=' | '==';
  than: number;
}
export type Value =
  number | string | boolean | null | Value[] | { [key: string]: Value } | Comparison;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(@[A-Za-z_](?:\w|::|#)*)|([A-Za-z_][\w.]*)|(\/\/|\*\*|<=|>=|==|!=|[-+*/%()[\],:<>]))/y;

type Kind = 'number' | 'string' | 'reference' | 'name' | 'operator';
interface Token {
  kind: Kind;
  text: string;
}
const KINDS: Kind[] = ['number', 'string', 'reference', 'name', 'operator'];

const tokens = (text: string): Token[] => {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match)
      throw new ExpressionProblem(`"${text.slice(at, at + 20).trim()}" is not understood`);
    const which = match.slice(1).findIndex(group => group !== undefined);
    found.push({ kind: KINDS[which], text: match[which + 1] });
  }
  return found;
};

const numeric = (value: Value): number => {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  throw new ExpressionProblem(`${JSON.stringify(value)} is no number`);
};
const listed = (value: Value): Value[] => {
  if (Array.isArray(value)) return value;
  throw new ExpressionProblem(`${JSON.stringify(value)} is no list`);
};

const FUNCTIONS: Record<string, (given: Value[]) => Value> = {
  len: ([list]) => listed(list).length,
  int: ([value]) => Math.trunc(numeric(value)),
  float: ([value]) => numeric(value),
  round: ([value]) => Math.round(numeric(value)),
  abs: ([value]) => Math.abs(numeric(value)),
  list: ([value]) => listed(value),
  tuple: ([value]) => listed(value),
  str: ([value]) => String(value),
  sum: ([value]) => listed(value).reduce<number>((sum, item) => sum + numeric(item), 0),
  min: given => Math.min(...(given.length === 1 ? listed(given[0]) : given).map(numeric)),
  max: given => Math.max(...(given.length === 1 ? listed(given[0]) : given).map(numeric)),
  range: given => {
    const [from, to] = given.length === 1 ? [0, numeric(given[0])] : given.map(numeric);
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  },
};
const CONSTANTS: Record<string, Value> = { True: true, False: false, None: null };

const arithmetic = (operator: string, a: Value, b: Value): Value => {
  if (operator === '+' && Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (operator === '*' && Array.isArray(a)) {
    return Array.from({ length: numeric(b) }, () => a).flat() as Value[];
  }
  const [x, y] = [numeric(a), numeric(b)];
  switch (operator) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '//':
      return Math.floor(x / y);
    case '%':
      return x - y * Math.floor(x / y);
    default:
      return x ** y;
  }
};

const unquote = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, '$1');

class Parser {
  private at = 0;
  constructor(
    private readonly list: Token[],
    private readonly lookUp: (reference: string) => Value,
  ) {}

  whole(): Value {
    if (this.list.length === 0) throw new ExpressionProblem('it is empty');
    const value = this.comparison();
    if (this.at < this.list.length) this.unexpected();
    return value;
  }

  private unexpected(): never {
    throw new ExpressionProblem(
      `"${this.list[this.at]?.text ?? 'its end'}" is not understood here`,
    );
  }
  private peek(...texts: string[]): string | undefined {
    const token = this.list[this.at];
    return token?.kind === 'operator' && texts.includes(token.text) ? token.text : undefined;
  }
  private take(...texts: string[]): string | undefined {
    const found = this.peek(...texts);
    if (found) this.at++;
    return found;
  }
  private expect(text: string): void {
    if (!this.take(text)) this.unexpected();
  }

  private comparison(): Value {
    const left = this.sum();
    const operator = this.take('<', '>', '<=', '>=', '==', '!=');
    if (!operator) return left;
    const [a, b] = [left, this.sum()];
    if (operator === '==') return JSON.stringify(a) === JSON.stringify(b);
    if (operator === '!=') return JSON.stringify(a) !== JSON.stringify(b);
    const [x, y] = [numeric(a), numeric(b)];
    if (operator === '<') return x < y;
    if (operator === '>') return x > y;
    return operator === '<=' ? x <= y : x >= y;
  }
  private sum(): Value {
    let value = this.product();
    for (let o = this.take('+', '-'); o; o = this.take('+', '-')) {
      value = arithmetic(o, value, this.product());
    }
    return value;
  }
  private product(): Value {
    let value = this.sign();
    for (let o = this.take('*', '/', '//', '%'); o; o = this.take('*', '/', '//', '%')) {
      value = arithmetic(o, value, this.sign());
    }
    return value;
  }
  private sign(): Value {
    if (this.take('-')) return -numeric(this.sign());
    if (this.take('+')) return numeric(this.sign());
    const base = this.indexed();
    return this.take('**') ? arithmetic('**', base, this.sign()) : base;
  }
  private indexed(): Value {
    let value = this.primary();
    while (this.take('[')) {
      const index = this.comparison();
      this.expect(']');
      if (
        typeof index === 'string' &&
        value &&
        typeof value === 'object' &&
        !Array.isArray(value)
      ) {
        value = (value as Record<string, Value>)[index];
      } else {
        const list = listed(value);
        const i = numeric(index);
        value = list[i < 0 ? list.length + i : i];
      }
      if (value === undefined) throw new ExpressionProblem(`there is nothing at ${index}`);
    }
    return value;
  }
  private items(end: string): { values: Value[]; comma: boolean } {
    const values: Value[] = [];
    let comma = false;
    while (!this.take(end)) {
      values.push(this.comparison());
      if (this.take(',')) comma = true;
      else if (!this.peek(end)) this.unexpected();
    }
    return { values, comma };
  }
  private primary(): Value {
    if (this.take('(')) {
      const { values, comma } = this.items(')');
      return values.length === 1 && !comma ? values[0] : values;
    }
    if (this.take('[')) return this.items(']').values;
    const token = this.list[this.at++];
    switch (token?.kind) {
      case 'number':
        return Number(token.text);
      case 'string':
        return unquote(token.text);
      case 'reference':
        return this.lookUp(token.text.slice(1));
      case 'name':
        return this.named(token.text);
      default:
        this.at--;
        return this.unexpected();
    }
  }
  private named(name: string): Value {
    if (name in CONSTANTS) return CONSTANTS[name];
    if (name === 'lambda') return this.lambda();
    if (!this.take('(')) throw new ExpressionProblem(`the name "${name}" is not known`);
    const call = FUNCTIONS[name];
    if (!call) {
      throw new ExpressionProblem(
        `the function ${name}() is not known; known: ${Object.keys(FUNCTIONS).join(', ')}`,
      );
    }
    return call(this.items(')').values);
  }
  private lambda(): Value {
    const argument = this.list[this.at++]?.text;
    this.expect(':');
    if (this.list[this.at++]?.text !== argument) this.unexpected();
    const operator = this.take('<', '>', '<=', '>=', '==', '!=');
    if (!operator) this.unexpected();
    return { lambda: operator as Comparison['lambda'], than: numeric(this.sum()) };
  }
}

/** Evaluates what stands behind `$`. Throws `ExpressionProblem`. */
export const evaluate = (text: string, lookUp: (reference: string) => Value): Value =>
  new Parser(tokens(text), lookUp).whole();
