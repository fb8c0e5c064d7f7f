import { Fields, usesCapability } from './capabilities';
import { COLUMNS, LONGEST_OBJECT } from './columns';
import { all, any, oneOf, text } from './text';
import { BINDING_WRITES, BINDINGS, NODES, NOTES, REVIEWS } from '../may-matter';

export const quoted = (name: string): string => `"${name.replace(/"/g, '""')}"`;

export const COLUMN_NAMES = Object.keys(COLUMNS).map(quoted).join(', ');

/** No event: damaged, or of another kind. */
export const DAMAGED = '("auditID" IS NULL OR "kind" IS DISTINCT FROM \'Event\' OR "apiVersion" IS DISTINCT FROM \'audit.k8s.io/v1\')';

/** An event that nobody can put in order. */
export const UNTIMED = '(try_cast("requestReceivedTimestamp" AS TIMESTAMPTZ) IS NULL)';

const RAW: Fields = {
  verb: 'verb',
  apiGroup: 'coalesce(objectRef.apiGroup, \'\')',
  resource: 'objectRef.resource',
  subresource: 'coalesce(objectRef.subresource, \'\')',
  name: 'coalesce(objectRef.name, \'\')',
  user: 'coalesce("user".username, \'\')',
  client: 'coalesce(userAgent, \'\')',
  uri: 'coalesce(requestURI, \'\')',
};

export const VALIDATION_FAILURE = 'validation.policy.admission.k8s.io/validation_failure';

const isReview = `objectRef.resource = ${text(REVIEWS)}`;

/** What can matter: debug requests, writes of bindings, what a guardrail noted, what a kubelet asked about its own API. */
export const RELEVANT = any(
  usesCapability(RAW),
  all(oneOf('objectRef.resource', BINDINGS), 'coalesce(objectRef.subresource, \'\') = \'\'', oneOf('verb', BINDING_WRITES)),
  `len(list_filter(map_keys(annotations), lambda key: ${any(...NOTES.map(end => `key LIKE ${text(`%${end}`)}`))})) > 0`,
  `(${isReview} AND "user".username LIKE ${text(`${NODES}%`)})`,
);

/** So many bytes DuckDB may always take for an event. */
const LEAST_OBJECT = 1_048_576;

/** A file as `read_json` and `read_parquet` take it: a name, where a pattern could stand. */
const literal = (file: string): string => `'${file.replace(/[[*?]/g, '[$&]').replace(/'/g, '\'\'')}'`;

export type Format = 'text' | 'gzip' | 'zstd' | 'parquet';

/** Events that were written as Parquet. */
export const parquet = (file: string): string => `(SELECT ${COLUMN_NAMES} FROM read_parquet(${literal(file)}, hive_partitioning=false))`;

/** Events that may matter, as they were spooled. DuckDB takes memory for some of the longest. */
export function spooled(files: readonly string[], longest: number): string {
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${quoted(name)}: '${type}'`).join(', ');
  return `read_json([${files.map(literal).join(', ')}], format='newline_delimited', compression='uncompressed', ignore_errors=true, maximum_object_size=${Math.max(LEAST_OBJECT, longest + 1)}, columns={${columns}})`;
}

/** The lines of a file packed by zstd, whatever is in them. */
export const linesOf = (file: string): string => `SELECT line FROM read_csv(${literal(file)}, auto_detect=false, header=false, columns={line: 'VARCHAR'}, delim='\x01', quote='', escape='', `
  + `compression='zstd', max_line_size=${LONGEST_OBJECT}, buffer_size=${2 * LONGEST_OBJECT}, strict_mode=false, null_padding=true, parallel=false)`;
