/**
 * Reads the expressions of log languages, by what their documentation says of precedence, quoting and functions, and says which events they
 * take. It knows nothing of how they are written here.
 */
type Value = string | number | boolean | RegExp | undefined;
type Evaluated = (event: any) => Value;

export interface Dialect {
  /** Loosest first: what `or` and `and` are called, and which of them binds more tightly. */
  readonly levels: readonly [string, string];
  readonly functions?: { readonly [name: string]: (...args: Value[]) => Value };
  /** Value of a field. */
  field(event: any, path: string): Value;
}

/** Value of a dotted path where keys may have dots themselves. */
export function dig(value: any, path: string): Value {
  if (!path.includes('.')) return value?.[path];
  const steps = path.split('.');
  for (let taken = steps.length; taken > 0; taken--) {
    const key = steps.slice(0, taken).join('.');
    if (value === null || typeof value !== 'object' || !Object.prototype.hasOwnProperty.call(value, key)) continue;
    return taken === steps.length ? value[key] : dig(value[key], steps.slice(taken).join('.'));
  }
  return undefined;
}

const NAME = '(?:`[^`]+`|[@A-Za-z_]\\w*)(?:\\.(?:`[^`]+`|"[^"]+"|\\w+))*';
const TOKEN = new RegExp(`\\s*(?:(?<text>"(?:[^"\\\\]|\\\\.)*")|'(?<quoted>[^']*)'|/(?<pattern>(?:[^/\\\\]|\\\\.)*)/|(?<operator>!?[a-z]+_cs\\b|[=!]=|=~|[<>=:(),])|(?<number>\\d+)|(?<name>${NAME}))`, 'y');
const ESCAPES: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t' };

/** A text without its quotes. */
const unquoted = (text: string) => text.slice(1, -1).replace(/\\(?:u([0-9a-f]{4})|(.))/gs, (_, code, letter) => code ? String.fromCharCode(parseInt(code, 16)) : ESCAPES[letter] ?? letter);

const patterns = new Map<string, RegExp>();
/** A pattern, made once. */
export function matches(value: string, pattern: string): boolean {
  const made = patterns.get(pattern) ?? new RegExp(pattern);
  patterns.set(pattern, made);
  return made.test(value);
}

const COMPARE: { readonly [operator: string]: (left: string, right: Value) => boolean } = {
  '=': (left, right) => left === right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '=~': (left, right) => matches(left, String(right)),
  ':': (left, right) => left.includes(String(right)),
  'like': (left, right) => (right as RegExp).test(left),
  'not like': (left, right) => !(right as RegExp).test(left),
  'startswith_cs': (left, right) => left.startsWith(String(right)),
  '!startswith_cs': (left, right) => !left.startsWith(String(right)),
  'contains_cs': (left, right) => left.includes(String(right)),
  '!contains_cs': (left, right) => !left.includes(String(right)),
};

export class Reader {
  private readonly tokens: { readonly kind: string; readonly text: string }[] = [];
  private at = 0;

  public constructor(text: string, private readonly dialect: Dialect) {
    const rest = text.trim();
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < rest.length;) {
      const begin = TOKEN.lastIndex;
      const found = TOKEN.exec(rest);
      if (!found) throw new Error(`cannot be read: ${rest.slice(begin, begin + 60)}`);
      const [kind, value] = Object.entries(found.groups!).find(([, one]) => one !== undefined)!;
      this.tokens.push({ kind, text: value });
    }
  }

  /** The whole of it, as one condition. */
  public condition(): (event: any) => boolean {
    const read = this.level(0);
    if (this.at < this.tokens.length) throw new Error(`left over: ${this.tokens.slice(this.at, this.at + 5).map(({ text }) => text).join(' ')}`);
    return event => read(event) === true;
  }

  /** `name = value` with commas between. */
  public assignments(): { readonly [name: string]: Evaluated } {
    const all: [string, Evaluated][] = [];
    do {
      const name = this.next('name');
      this.next('operator', '=');
      all.push([name, this.operand()]);
    } while (this.takes(','));
    if (this.at < this.tokens.length) throw new Error('left over');
    return Object.fromEntries(all);
  }

  private takes(text: string): boolean {
    const token = this.tokens[this.at];
    const is = token !== undefined && token.kind !== 'text' && token.kind !== 'quoted' && token.text === text;
    if (is) this.at++;
    return is;
  }

  private next(kind: string, text?: string): string {
    const token = this.tokens[this.at++];
    if (token?.kind !== kind || text !== undefined && token.text !== text) throw new Error(`${text ?? kind} is missing before ${token?.text}`);
    return token.text;
  }

  private level(index: number): Evaluated {
    const word = this.dialect.levels[index];
    if (word === undefined) return this.unary();
    const parts = [this.level(index + 1)];
    while (this.takes(word)) parts.push(this.level(index + 1));
    if (parts.length === 1) return parts[0];
    return word.toLowerCase() === 'or' ? event => parts.some(part => part(event) === true) : event => parts.every(part => part(event) === true);
  }

  private unary(): Evaluated {
    if (this.takes('NOT') || this.takes('not')) {
      const inner = this.unary();
      return event => inner(event) !== true;
    }
    if (this.takes('(')) {
      const inner = this.level(0);
      this.next('operator', ')');
      return inner;
    }
    const left = this.operand();
    const operator = this.takes('not') ? `not ${this.tokens[this.at++].text}` : this.tokens[this.at]?.text;
    if (operator === '<' || operator === '>') {
      this.at++;
      const right = this.operand();
      return event => operator === '<' ? Number(left(event)) < Number(right(event)) : Number(left(event)) > Number(right(event));
    }
    if (operator === undefined || COMPARE[operator] === undefined) return left;
    if (!operator.startsWith('not ')) this.at++;
    const right = this.operand();
    // What is not there compares with nothing.
    return event => {
      const value = left(event);
      return value !== undefined && COMPARE[operator](String(value), right(event));
    };
  }

  private operand(): Evaluated {
    const { kind, text } = this.tokens[this.at++] ?? { kind: 'end', text: 'the end' };
    if (kind === 'text') return () => unquoted(text);
    if (kind === 'number') return () => Number(text);
    if (kind === 'pattern') {
      const pattern = new RegExp(text);
      return () => pattern;
    }
    if (kind === 'quoted') return event => this.dialect.field(event, text);
    if (kind !== 'name') throw new Error(`no value before ${text}`);
    if (this.takes('(')) {
      const call = this.dialect.functions?.[text];
      if (!call) throw new Error(`${text} is no function`);
      const args = [this.operand()];
      while (this.takes(',')) args.push(this.operand());
      this.next('operator', ')');
      return event => call(...args.map(arg => arg(event)));
    }
    const path = text.replace(/[`"]/g, '');
    return event => this.dialect.field(event, path);
  }
}
