import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** One place in the source that names a code, with the values its text may use. */
export interface CodeUse {
  code: string;
  where: string;
  /** Undefined where the values cannot be read off the source. */
  values: string[] | undefined;
}

export interface SourceCodes {
  refusals: CodeUse[];
  infos: CodeUse[];
  /** Calls of `refuse` with a code that is no literal. */
  computed: string[];
}

export function sourceFiles(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return sourceFiles(full);
    }
    return /\.tsx?$/.test(entry.name) && !/\.(test|testing|d)\.tsx?$/.test(entry.name)
      ? [full]
      : [];
  });
}

export const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(
    file,
    fs.readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
    file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, child => visit(child, see));
}

/** Every `refuse('code', …)`, `refusal('code', …)` and `….info('code', …)` under a folder. */
export function codesOf(folder: string): SourceCodes {
  const codes: SourceCodes = { refusals: [], infos: [], computed: [] };
  for (const file of sourceFiles(folder)) {
    const source = parse(file);
    visit(source, node => {
      if (!ts.isCallExpression(node)) {
        return;
      }
      const callee = node.expression.getText().split('.').at(-1) ?? '';
      const bare = ts.isIdentifier(node.expression);
      const isRefusal = bare && (callee === 'refuse' || callee === 'refusal');
      const isInfo = !bare && callee === 'info' && /notifier/i.test(node.expression.getText());
      if (!isRefusal && !isInfo) {
        return;
      }
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const where = `${path.relative(folder, file)}:${line}`;
      const [code, ...rest] = node.arguments;
      if (code && ts.isStringLiteral(code)) {
        const use = { code: code.text, where, values: valueNames(isInfo ? rest[0] : rest) };
        (isInfo ? codes.infos : codes.refusals).push(use);
      } else if (isRefusal && !file.endsWith(path.join('core', 'outcome.ts'))) {
        codes.computed.push(where);
      }
    });
  }
  return codes;
}

/**
 * Names of the properties that an argument holds: of an object literal, of a constant that is one,
 * or of such a constant handed on to the call that is spread (`...own(gate, values, 'message')`).
 */
function valueNames(
  given: ts.Expression | undefined | ts.NodeArray<ts.Expression> | ts.Expression[],
): string[] | undefined {
  if (given === undefined) {
    return [];
  }
  if (Array.isArray(given)) {
    const [first, second] = given as ts.Expression[];
    if (first && ts.isSpreadElement(first) && ts.isCallExpression(first.expression)) {
      return first.expression.arguments.map(objectNames).find(names => names !== undefined);
    }
    return second ? objectNames(second) : [];
  }
  return objectNames(given as ts.Expression);
}

function objectNames(expression: ts.Expression): string[] | undefined {
  if (ts.isObjectLiteralExpression(expression)) {
    const names = expression.properties.map(property =>
      ts.isSpreadAssignment(property)
        ? objectNames(property.expression)
        : [property.name?.getText() ?? ''],
    );
    return names.every(list => list !== undefined) ? names.flat() : undefined;
  }
  if (!ts.isIdentifier(expression)) {
    return undefined;
  }
  for (let scope: ts.Node = expression; scope; scope = scope.parent) {
    const statements = ts.isBlock(scope) || ts.isCaseClause(scope) ? scope.statements : undefined;
    for (const statement of statements ?? []) {
      const declared = ts.isVariableStatement(statement)
        ? statement.declarationList.declarations.find(
            ({ name }) => name.getText() === expression.text,
          )
        : undefined;
      if (declared?.initializer) {
        return objectNames(declared.initializer);
      }
    }
  }
  return undefined;
}
