/** One object, and where it stands. */
export interface Document {
  readonly object: any;
  /** The file as it was named, `-` for standard input, a name of the cluster, or `REF:path`. */
  readonly file: string;
  /** The line at which it begins, from 1. */
  readonly line: number;
  /** The template of a chart that it was rendered from, as Helm notes it: `# Source: chart/templates/role.yaml`. */
  readonly template?: string;
}

/** Something that could not be read. */
export interface Broken {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** What a text holds. */
export interface Parsed {
  readonly documents: Document[];
  readonly broken: Broken[];
}

/** Counts lines from one position to a later one, so that a text is gone through once. */
export class Lines {
  private at = 0;
  private line = 1;

  public constructor(private readonly text: string) {}

  /** The line of a position, which is not before that of an earlier question. */
  public of(position: number): number {
    for (let next = this.text.indexOf('\n', this.at); next >= 0 && next < position; next = this.text.indexOf('\n', this.at)) {
      this.line++;
      this.at = next + 1;
    }
    return this.line;
  }
}

/** Whether something parsed is an object of Kubernetes, by what every one has. */
export function isObject(value: any): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value.kind === 'string' && typeof value.apiVersion === 'string';
}

export const NO_OBJECT = 'no object of Kubernetes: it has no apiVersion and kind';

/** An object, or those of a list; the items of a typed list (`RoleList`) get its kind. */
export function unlisted(object: any): any[] {
  if (!object.kind.endsWith('List') || !Array.isArray(object.items)) return [object];
  const typed = object.kind === 'List' ? {} : { kind: object.kind.slice(0, -'List'.length), apiVersion: object.apiVersion };
  return object.items.map((item: any) => ({ ...typed, ...item })).filter(isObject).flatMap(unlisted);
}
