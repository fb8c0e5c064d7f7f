import { backslashed as text, Dialect, Path } from './dialect';

const nonEmpty = (value: string) => `nullIf(${value}, '')`;
const steps = (path: Path) => path.map(step => `, ${typeof step === 'number' ? step + 1 : text(step)}`).join('');

/** ClickHouse 25.6 and newer. JSON is text that its functions read. */
export const CLICKHOUSE: Dialect = {
  id: 'clickhouse',
  title: 'ClickHouse',
  text: 'String',
  setUp: schema => ({ schema: `CREATE DATABASE IF NOT EXISTS ${schema}` }),
  rawTable: ({ name }) => `CREATE TABLE IF NOT EXISTS ${name} (cluster LowCardinality(String), day Date, log LowCardinality(String), line String CODEC(ZSTD(3)))
ENGINE = MergeTree PARTITION BY (day, cluster) ORDER BY (cluster, day, log)`,
  day: day => `toDate('${day}')`,
  // Joins of standard SQL, and names of columns before those that a query gives.
  createView: (name, query) => `CREATE OR REPLACE VIEW ${name} AS ${query}\nSETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1`,
  literal: text,
  parse: value => value,
  value: (json, path) => nonEmpty(`if(JSONType(${json}${steps(path)}) IN ('String', 'Null'), JSONExtractString(${json}${steps(path)}), JSONExtractRaw(${json}${steps(path)}))`),
  part: (json, path) => `nullIf(JSONExtractRaw(${json}${steps(path)}), '')`,
  render: json => json,
  length: (json, path) => `JSONLength(${json}${steps(path)})`,
  last: (list, wanted) => `arrayLast(element -> ${wanted('element')}, JSONExtractArrayRaw(coalesce(${list}, '')))`,
  count: (list, wanted) => `toInt64(arrayCount(element -> ${wanted('element')}, JSONExtractArrayRaw(coalesce(${list}, ''))))`,
  extract: (value, regex) => `extract(${value}, ${text(regex)})`,
  integer: value => `toInt64OrNull(${value})`,
  micros: value => `toUnixTimestamp64Micro(parseDateTime64BestEffortOrNull(${value}, 6, 'UTC'))`,
  parameters: (query, name) => `arrayMap(pair -> decodeURLFormComponent(substring(pair, ${name.length + 2})), arrayFilter(pair -> startsWith(pair, ${text(`${name}=`)}), splitByChar('&', ${query})))`,
  first: list => `arrayElement(${list}, 1)`,
  listAsJson: list => `toJSONString(${list})`,
  explode: (columns, list, from) => `SELECT ${columns}, arrayJoin(JSONExtractArrayRaw(${list})) AS failure FROM ${from}`,
};
