import { Dialect, jsonPath } from './dialect';
import { text } from '../../sql/text';

const elements = (list: string) => `from_json(${list}, '["JSON"]')`;

/** DuckDB 1.3 and newer, for tables of one's own; `secure-debug audit report` reads files by itself. */
export const DUCKDB: Dialect = {
  id: 'duckdb',
  title: 'DuckDB',
  text: 'VARCHAR',
  setUp: schema => ({ schema: `CREATE SCHEMA IF NOT EXISTS ${schema}` }),
  rawTable: ({ name }) => `CREATE TABLE IF NOT EXISTS ${name} (cluster VARCHAR, day DATE, log VARCHAR, line VARCHAR)`,
  day: day => `DATE '${day}'`,
  createView: (name, query) => `CREATE OR REPLACE VIEW ${name} AS ${query}`,
  literal: text,
  parse: value => `try_cast(${value} AS JSON)`,
  value: (json, path) => `(${json}->>${text(jsonPath(path))})`,
  part: (json, path) => `(${json}->${text(jsonPath(path))})`,
  render: json => `CAST(${json} AS VARCHAR)`,
  length: (json, path) => `json_array_length(${json}, ${text(jsonPath(path))})`,
  last: (list, wanted) => `list_filter(${elements(list)}, lambda element: ${wanted('element')})[-1]`,
  count: (list, wanted) => `len(list_filter(${elements(list)}, lambda element: ${wanted('element')}))`,
  extract: (value, regex) => `regexp_extract(${value}, ${text(regex)}, 1)`,
  integer: value => `try_cast(${value} AS BIGINT)`,
  micros: value => `try(epoch_us(try_cast(${value} AS TIMESTAMPTZ)))`,
  parameters: (query, name) => {
    const value = `substr(pair, ${name.length + 2})`;
    return `list_transform(list_filter(string_split(${query}, '&'), lambda pair: starts_with(pair, ${text(`${name}=`)})), lambda pair: coalesce(try(url_decode(replace(${value}, '+', ' '))), ${value}))`;
  },
  first: list => `(${list})[1]`,
  listAsJson: list => `CAST(to_json(${list}) AS VARCHAR)`,
  explode: (columns, list, from) => `SELECT ${columns}, unnest(from_json(try_cast(${list} AS JSON), '["JSON"]')) AS failure FROM ${from}`,
};
