import { backslashed as text, Dialect, jsonPath } from './dialect';

/** BigQuery has no function for it: each part of a text is itself, or a byte. */
const decode = (schema: string) => `CREATE OR REPLACE FUNCTION ${schema}.url_decode(encoded STRING) RETURNS STRING AS ((
  SELECT COALESCE(SAFE_CONVERT_BYTES_TO_STRING(STRING_AGG(IF(REGEXP_CONTAINS(piece, '^%[0-9a-fA-F]{2}$'), SAFE.FROM_HEX(SUBSTR(piece, 2)), CAST(piece AS BYTES)), b'' ORDER BY place)), encoded, '')
  FROM UNNEST(REGEXP_EXTRACT_ALL(REPLACE(encoded, '+', ' '), '%[0-9a-fA-F]{2}|[^%]+|%')) AS piece WITH OFFSET AS place
))`;

/** BigQuery, standard SQL. */
export function bigquery(schema: string): Dialect {
  return {
    id: 'bigquery',
    title: 'BigQuery',
    text: 'STRING',
    setUp: () => ({ schema: `CREATE SCHEMA IF NOT EXISTS ${schema}`, url_decode: decode(schema) }),
    rawTable: ({ name }) => `CREATE TABLE IF NOT EXISTS ${name} (cluster STRING, day DATE, log STRING, line STRING) PARTITION BY day CLUSTER BY cluster`,
    day: day => `DATE '${day}'`,
    createView: (name, query) => `CREATE OR REPLACE VIEW ${name} AS ${query}`,
    literal: text,
    parse: value => `SAFE.PARSE_JSON(${value}, wide_number_mode => 'round')`,
    value: (json, path) => `JSON_VALUE(${json}, ${text(jsonPath(path))})`,
    part: (json, path) => `JSON_QUERY(${json}, ${text(jsonPath(path))})`,
    render: json => `TO_JSON_STRING(${json})`,
    length: (json, path) => `ARRAY_LENGTH(JSON_QUERY_ARRAY(${json}, ${text(jsonPath(path))}))`,
    last: (list, wanted) => `(SELECT element FROM UNNEST(JSON_QUERY_ARRAY(${list}, '$')) AS element WITH OFFSET AS place WHERE ${wanted('element')} ORDER BY place DESC LIMIT 1)`,
    count: (list, wanted) => `(SELECT COUNT(*) FROM UNNEST(JSON_QUERY_ARRAY(${list}, '$')) AS element WHERE ${wanted('element')})`,
    extract: (value, regex) => `COALESCE(REGEXP_EXTRACT(${value}, ${text(regex)}), '')`,
    integer: value => `SAFE_CAST(${value} AS INT64)`,
    micros: value => `UNIX_MICROS(SAFE_CAST(${value} AS TIMESTAMP))`,
    parameters: (query, name) => `ARRAY(SELECT ${schema}.url_decode(SUBSTR(pair, ${name.length + 2})) FROM UNNEST(SPLIT(${query}, '&')) AS pair WITH OFFSET AS place WHERE STARTS_WITH(pair, ${text(`${name}=`)}) ORDER BY place)`,
    first: list => `${list}[SAFE_OFFSET(0)]`,
    listAsJson: list => `TO_JSON_STRING(${list})`,
    explode: (columns, list, from) => `SELECT ${columns}, failure FROM ${from} CROSS JOIN UNNEST(JSON_QUERY_ARRAY(SAFE.PARSE_JSON(${list}, wide_number_mode => 'round'), '$')) AS failure`,
  };
}
