import type { BundleConfig } from './config';
import { ConfigProblem } from './config';
import type { Comparison, Value } from './expression';

/** One component's arguments, each resolved when it is asked for; problems name the argument's id. */
export class Arguments {
  constructor(
    private readonly config: BundleConfig,
    readonly id: string,
    private readonly component: Record<string, unknown>,
  ) {}

  get target(): string {
    return String(this.component._target_);
  }

  /** `monai.transforms.Spacingd` → `Spacing`: MONAI's dictionary forms end in d, D or Dict. */
  get name(): string {
    const last = this.target.split('.').pop() ?? '';
    return last.replace(/(d|D|Dict)$/, '');
  }

  problem(argument: string, reason: string): never {
    throw new ConfigProblem(`${this.id}::${argument}`, reason);
  }

  value(argument: string): Value | undefined {
    const raw = this.component[argument];
    return raw === undefined || raw === null
      ? undefined
      : this.config.resolve(raw, `${this.id}::${argument}`);
  }

  /** Of a list with one entry a key, the entry of the first key. */
  private first(argument: string): Value | undefined {
    const value = this.value(argument);
    return Array.isArray(value) ? value[0] : value;
  }

  number(argument: string): number | undefined {
    const value = this.first(argument);
    if (value === undefined || value === null) return undefined;
    return typeof value === 'number'
      ? value
      : this.problem(argument, `it is ${JSON.stringify(value)}; a number is needed`);
  }

  need(argument: string): number {
    return this.number(argument) ?? this.problem(argument, 'it is not there; a number is needed');
  }

  flag(argument: string, fallback: boolean): boolean {
    const value = this.first(argument);
    if (value === undefined || value === null) return fallback;
    return typeof value === 'boolean'
      ? value
      : this.problem(argument, `it is ${JSON.stringify(value)}; true or false is needed`);
  }

  text(argument: string): string | undefined {
    const value = this.first(argument);
    return value === undefined || value === null ? undefined : String(value);
  }

  numbers(argument: string): number[] | undefined {
    const value = this.value(argument);
    if (value === undefined || value === null) return undefined;
    const list = Array.isArray(value) ? value : [value];
    return list.every((item): item is number => typeof item === 'number')
      ? list
      : this.problem(argument, `it is ${JSON.stringify(value)}; numbers are needed`);
  }

  /** A size, a spacing or a margin along the axes; one number is for all of them. */
  triple(argument: string, axes: number, flat: number): [number, number, number] | undefined {
    const list = this.numbers(argument);
    if (!list) return undefined;
    const full = list.length === 1 ? Array<number>(axes).fill(list[0]) : list;
    if (full.length < axes) {
      this.problem(argument, `it has ${full.length} numbers; ${axes} are needed`);
    }
    const [x, y, z = flat] = full.slice(0, axes);
    return [x, y, z];
  }

  comparison(argument: string): Comparison | undefined {
    const value = this.value(argument);
    if (value === undefined || value === null) return undefined;
    return typeof value === 'object' && 'lambda' in value
      ? (value as Comparison)
      : this.problem(argument, `it is ${JSON.stringify(value)}; "$lambda x: x > 0" is understood`);
  }

  keys(): string[] | undefined {
    const value = this.value('keys');
    if (value === undefined || value === null) return undefined;
    return (Array.isArray(value) ? value : [value]).map(String);
  }
}
