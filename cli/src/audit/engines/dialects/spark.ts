import { backslashed as text, bracketPath, Dialect } from './dialect';

const elements = (list: string) => `from_json(${list}, 'array<string>')`;

/** Spark 4 and newer, and what speaks its SQL. JSON is text that its functions read. */
export const SPARK: Dialect = {
  id: 'spark',
  title: 'Spark',
  text: 'STRING',
  setUp: schema => ({ schema: `CREATE DATABASE IF NOT EXISTS ${schema}` }),
  rawTable: ({ name, location }) => `CREATE TABLE IF NOT EXISTS ${name} (log STRING, line STRING, cluster STRING, day DATE)
USING parquet PARTITIONED BY (day, cluster)${location === undefined ? '' : ` LOCATION ${text(location)}`}`,
  day: day => `DATE '${day}'`,
  createView: (name, query) => `CREATE OR REPLACE VIEW ${name} AS ${query}`,
  literal: text,
  parse: value => value,
  value: (json, path) => `get_json_object(${json}, ${text(bracketPath(path, '\''))})`,
  part: (json, path) => `get_json_object(${json}, ${text(bracketPath(path, '\''))})`,
  render: json => json,
  length: (json, path) => `json_array_length(get_json_object(${json}, ${text(bracketPath(path, '\''))}))`,
  last: (list, wanted) => `try_element_at(filter(${elements(list)}, element -> ${wanted('element')}), -1)`,
  count: (list, wanted) => `size(filter(${elements(list)}, element -> ${wanted('element')}))`,
  extract: (value, regex) => `regexp_extract(${value}, ${text(regex)}, 1)`,
  integer: value => `try_cast(${value} AS BIGINT)`,
  micros: value => `unix_micros(try_to_timestamp(${value}))`,
  parameters: (query, name) => {
    const value = `substr(pair, ${name.length + 2})`;
    return `transform(filter(split(${query}, '&'), pair -> startswith(pair, ${text(`${name}=`)})), pair -> coalesce(try_url_decode(${value}), ${value}))`;
  },
  first: list => `try_element_at(${list}, 1)`,
  listAsJson: list => `to_json(${list})`,
  explode: (columns, list, from) => `SELECT ${columns}, explode(${elements(list)}) AS failure FROM ${from}`,
};
