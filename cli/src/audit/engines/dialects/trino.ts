import { bracketPath, Dialect, RawTable } from './dialect';
import { text } from '../../sql/text';

const elements = (list: string) => `TRY(CAST(${list} AS ARRAY(JSON)))`;

/** Trino, with a catalog of the Hive connector. */
export const TRINO: Dialect = {
  id: 'trino',
  title: 'Trino',
  text: 'VARCHAR',
  setUp: schema => ({ schema: `CREATE SCHEMA IF NOT EXISTS ${schema}` }),
  rawTable: ({ name, location }: RawTable) => `CREATE TABLE IF NOT EXISTS ${name} (log VARCHAR, line VARCHAR, day DATE, cluster VARCHAR)
WITH (${location === undefined ? '' : `external_location = ${text(location)}, `}format = 'PARQUET', partitioned_by = ARRAY['day', 'cluster'])`,
  day: day => `DATE '${day}'`,
  createView: (name, query) => `CREATE OR REPLACE VIEW ${name} AS ${query}`,
  literal: text,
  parse: value => `TRY(json_parse(${value}))`,
  value: (json, path) => `json_extract_scalar(${json}, ${text(bracketPath(path))})`,
  part: (json, path) => `json_extract(${json}, ${text(bracketPath(path))})`,
  render: json => `json_format(${json})`,
  length: (json, path) => `json_array_length(json_extract(${json}, ${text(bracketPath(path))}))`,
  last: (list, wanted) => `element_at(filter(${elements(list)}, element -> ${wanted('element')}), -1)`,
  count: (list, wanted) => `cardinality(filter(${elements(list)}, element -> ${wanted('element')}))`,
  extract: (value, regex) => `COALESCE(regexp_extract(${value}, ${text(regex)}, 1), '')`,
  integer: value => `TRY_CAST(${value} AS BIGINT)`,
  micros: value => `CAST(ROUND(to_unixtime(TRY(from_iso8601_timestamp_nanos(${value}))) * 1000000) AS BIGINT)`,
  parameters: (query, name) => {
    const value = `substr(pair, ${name.length + 2})`;
    return `transform(filter(split(${query}, '&'), pair -> starts_with(pair, ${text(`${name}=`)})), pair -> COALESCE(TRY(url_decode(${value})), ${value}))`;
  },
  first: list => `element_at(${list}, 1)`,
  listAsJson: list => `json_format(CAST(${list} AS JSON))`,
  explode: (columns, list, from) => `SELECT ${columns}, failure FROM ${from} CROSS JOIN UNNEST(${elements(`TRY(json_parse(${list}))`)}) AS exploded (failure)`,
};

/** Athena 3: Trino's SQL, and a table over the files that the collector writes to S3, whose partitions are computed and not listed. */
export const ATHENA: Dialect = {
  ...TRINO,
  id: 'athena',
  title: 'Athena',
  setUp: schema => ({ schema: `CREATE DATABASE IF NOT EXISTS ${schema}` }),
  raw: { log: '"$path"', day: 'year * 10000 + month * 100 + day' },
  day: day => day.replace(/-/g, ''),
  rawTable: ({ name, clusters, location = '' }) => `CREATE EXTERNAL TABLE IF NOT EXISTS ${name} (line string)
PARTITIONED BY (cluster string, year int, month int, day int)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'
STORED AS TEXTFILE
LOCATION ${text(`${location}/`)}
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.cluster.type' = 'enum', 'projection.cluster.values' = ${text(clusters.join(','))},
  'projection.year.type' = 'integer', 'projection.year.range' = '2024,2099',
  'projection.month.type' = 'integer', 'projection.month.range' = '1,12', 'projection.month.digits' = '2',
  'projection.day.type' = 'integer', 'projection.day.range' = '1,31', 'projection.day.digits' = '2',
  'storage.location.template' = ${text(`${location}/cluster=\${cluster}/year=\${year}/month=\${month}/day=\${day}/`)}
)`,
};
