/** Names and places in lists, from the outside in. */
export type Path = readonly (string | number)[];

/** What the raw table is, where the engine wants to know more than its columns. */
export interface RawTable {
  /** The name, qualified. */
  readonly name: string;
  /** Names of clusters; empty: the engine finds them itself. */
  readonly clusters: readonly string[];
  /** Where the files lie, for engines that read files. */
  readonly location?: string;
}

/**
 * What engines say differently: how a text is written, how JSON is read, how a table is made. Everything else is one text for all of them.
 * Expressions come and go as SQL. What is not there is null, unless it says otherwise; nothing here may fail on what people wrote.
 */
export interface Dialect {
  readonly id: string;
  /** Its name as people write it. */
  readonly title: string;
  /** Type of texts. */
  readonly text: string;
  /** The file and the day (yyyymmdd) of a row of the raw table, where they are no columns. */
  readonly raw?: { readonly log?: string; readonly day?: string };
  /** Statements before all others, given the schema. */
  setUp(schema: string): { readonly [name: string]: string };
  /** Statement that makes the raw table, by day and cluster: `cluster`, `day`, `log` and `line`. */
  rawTable(table: RawTable): string;
  /** A day, yyyy-mm-dd, as it is compared with that of a row. */
  day(day: string): string;
  createView(name: string, query: string): string;
  /** A text as a literal. */
  literal(value: string): string;
  /** JSON of a text; null if it is none. */
  parse(text: string): string;
  /** A text or number in JSON, as text; null if there is none. */
  value(json: string, path: Path): string;
  /** A list or object in JSON, as JSON. */
  part(json: string, path: Path): string;
  /** JSON as text, without blanks. */
  render(json: string): string;
  /** How many elements a list in JSON has. */
  length(json: string, path: Path): string;
  /** The last element of a JSON list for which something is true. */
  last(list: string, wanted: (element: string) => string): string;
  /** For how many elements of a JSON list it is true. */
  count(list: string, wanted: (element: string) => string): string;
  /** What the only group of a regular expression (RE2) finds; empty if nothing. */
  extract(text: string, regex: string): string;
  /** A text as a whole number. */
  integer(text: string): string;
  /** RFC 3339 as microseconds since 1970. */
  micros(text: string): string;
  /** Values of a parameter of a URL's query, decoded, as a list of the engine. */
  parameters(query: string, name: string): string;
  /** The first of a list of texts. */
  first(list: string): string;
  /** A list of texts, as JSON text. */
  listAsJson(list: string): string;
  /** `columns` and, as `failure`, each element of a JSON list that is the text `list`; a row for each. */
  explode(columns: string, list: string, from: string): string;
}

/** A path as JSONPath, with names in quotes: they have dots and slashes. */
export const jsonPath = (path: Path): string => `$${path.map(step => typeof step === 'number' ? `[${step}]` : `."${step}"`).join('')}`;
/** The same with brackets. */
export const bracketPath = (path: Path, quote = '"'): string => `$${path.map(step => typeof step === 'number' ? `[${step}]` : `[${quote}${step}${quote}]`).join('')}`;

/** Literals of engines for which a backslash is an escape. */
export const backslashed = (value: string): string => `'${value.replace(/\\/g, '\\\\').replace(/'/g, '\\\'')}'`;
