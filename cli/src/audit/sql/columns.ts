/** What is read of an event, and as what; DuckDB's types. Whatever an event lacks, or has as another type, is null. */
export const COLUMNS: { readonly [field: string]: string } = {
  kind: 'VARCHAR',
  apiVersion: 'VARCHAR',
  auditID: 'VARCHAR',
  stage: 'VARCHAR',
  verb: 'VARCHAR',
  requestURI: 'VARCHAR',
  user: 'STRUCT(username VARCHAR, groups VARCHAR[])',
  impersonatedUser: 'STRUCT(username VARCHAR, groups VARCHAR[])',
  sourceIPs: 'VARCHAR[]',
  userAgent: 'VARCHAR',
  objectRef: 'STRUCT(resource VARCHAR, namespace VARCHAR, "name" VARCHAR, apiGroup VARCHAR, subresource VARCHAR)',
  responseStatus: 'STRUCT(message VARCHAR, code INTEGER)',
  // Its JSON as text: checked once more as JSON it would cost a sixth of the whole time.
  requestObject: 'VARCHAR',
  requestReceivedTimestamp: 'VARCHAR',
  stageTimestamp: 'VARCHAR',
  annotations: 'MAP(VARCHAR, VARCHAR)',
};

/** No event is longer when DuckDB reads it: it needs a multiple of that for each of its threads. */
export const LONGEST_OBJECT = 16 * 1_048_576;
