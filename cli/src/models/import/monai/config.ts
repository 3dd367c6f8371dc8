import { evaluate, ExpressionProblem, type Value } from './expression';

/** What of a configuration cannot be read: where, and why. */
export class ConfigProblem extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

type Tree = Record<string, unknown>;

/** How deep references may refer to references: deeper is a circle. */
const DEEPEST = 40;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A bundle's configuration as MONAI's ConfigParser reads it: ids joined by "::" (or "#"), `@id` refers to
 * the value at an id, `%id` copies its text, `$…` is a Python expression. Only what is asked for is
 * resolved, so that what a viewer does not need (devices, data loaders, handlers) may be any Python.
 */
export class BundleConfig {
  constructor(private readonly root: Tree) {}

  has(id: string): boolean {
    return this.raw(id) !== undefined;
  }

  /** The text at an id, unresolved; undefined where there is none. */
  raw(id: string): unknown {
    return id
      .split(/::|#/)
      .filter(part => part !== '')
      .reduce<unknown>((value, part) => {
        if (Array.isArray(value)) return value[Number(part)];
        if (!isTree(value)) return this.through(value, part);
        return value[part];
      }, this.root);
  }

  /** A reference in the middle of an id: `@a::b` where a itself is "@c". */
  private through(value: unknown, part: string): unknown {
    if (typeof value !== 'string' || !/^[@%]/.test(value)) return undefined;
    return this.raw(`${value.slice(1)}::${part}`);
  }

  /** The value at an id, everything in it resolved. Throws `ConfigProblem`. */
  get(id: string): Value {
    const value = this.raw(id);
    if (value === undefined) throw new ConfigProblem(id, 'it is not there');
    return this.resolve(value, id, 0);
  }

  /** Resolves references and expressions in a value that stands at `path`. Throws `ConfigProblem`. */
  resolve(value: unknown, path: string, depth = 0): Value {
    if (depth > DEEPEST) throw new ConfigProblem(path, 'its references go in a circle');
    if (typeof value === 'string') return this.text(value, path, depth);
    if (Array.isArray(value)) {
      return value.map((item, i) => this.resolve(item, `${path}::${i}`, depth));
    }
    if (isTree(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          this.resolve(item, `${path}::${key}`, depth),
        ]),
      );
    }
    return value as Value;
  }

  private text(value: string, path: string, depth: number): Value {
    const lookUp = (reference: string): Value => {
      const found = this.raw(reference);
      if (found === undefined) throw new ConfigProblem(path, `@${reference} is not there`);
      return this.resolve(found, reference, depth + 1);
    };
    if (/^[@%][A-Za-z_](\w|::|#)*$/.test(value)) return lookUp(value.slice(1));
    if (!value.startsWith('$')) return value;
    try {
      return evaluate(value.slice(1), lookUp);
    } catch (error) {
      if (!(error instanceof ExpressionProblem)) throw error;
      throw new ConfigProblem(
        path,
        `the expression "${value}" cannot be evaluated: ${error.message}`,
      );
    }
  }

  /**
   * The components of a Compose (or of a bare list) at an id, each unresolved with its own id; follows
   * references to other lists.
   */
  components(id: string): { id: string; component: Tree }[] {
    return this.flatten(this.raw(id), id, 0);
  }

  private flatten(value: unknown, id: string, depth: number): { id: string; component: Tree }[] {
    if (depth > DEEPEST) throw new ConfigProblem(id, 'its references go in a circle');
    if (typeof value === 'string') {
      const plus = value.startsWith('$') ? value.slice(1).split('+') : [value];
      return plus.flatMap(part => {
        const reference = part.trim();
        if (!/^[@%][A-Za-z_](\w|::|#)*$/.test(reference)) {
          throw new ConfigProblem(
            id,
            `the expression "${value}" cannot be evaluated as transforms`,
          );
        }
        return this.flatten(this.raw(reference.slice(1)), reference.slice(1), depth + 1);
      });
    }
    if (Array.isArray(value)) {
      return value.flatMap((item, i) => this.flatten(item, `${id}::${i}`, depth + 1));
    }
    if (!isTree(value)) throw new ConfigProblem(id, 'no transforms are there');
    const target = value._target_;
    if (typeof target !== 'string') throw new ConfigProblem(id, 'it has no _target_');
    if (this.disabled(value, id)) return [];
    if (/(^|\.)Compose$/.test(target)) {
      return this.flatten(value.transforms, `${id}::transforms`, depth + 1);
    }
    return [{ id, component: value }];
  }

  private disabled(component: Tree, id: string): boolean {
    const flag = component._disabled_;
    if (flag === undefined) return false;
    const value = this.resolve(flag, `${id}::_disabled_`);
    return value === true || value === 'true' || value === 'True';
  }
}
