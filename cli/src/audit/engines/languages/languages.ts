import { Compared, Condition, Field, fieldsOf, Requested } from './condition';
import { Question } from './questions';

/** How a language says it. */
export interface Language {
  readonly id: string;
  readonly title: string;
  /** Where the log is, unless told. */
  readonly source: string;
  /** What one may give for it. */
  readonly sourceIs: string;
  query(question: Question, source: string): string;
}

const FAILURE = 'validation.policy.admission.k8s.io/validation_failure';
const DECISION = 'authorization.k8s.io/decision';
const REASON = 'authorization.k8s.io/reason';

const PATHS: { readonly [field in Field]: readonly string[] } = {
  id: ['auditID'],
  time: ['requestReceivedTimestamp'],
  stage: ['stage'],
  verb: ['verb'],
  apiGroup: ['objectRef', 'apiGroup'],
  resource: ['objectRef', 'resource'],
  subresource: ['objectRef', 'subresource'],
  namespace: ['objectRef', 'namespace'],
  name: ['objectRef', 'name'],
  uri: ['requestURI'],
  user: ['user', 'username'],
  as: ['impersonatedUser', 'username'],
  client: ['userAgent'],
  code: ['responseStatus', 'code'],
  decision: ['annotations', DECISION],
  reason: ['annotations', REASON],
  failure: ['annotations', FAILURE],
};

/** A text in double quotes with backslashes, as most languages have it; control characters by their numbers. */
const quoted = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
/** A text that stands for itself in a regular expression of RE2. */
const plainRegex = (value: string): string => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The same between slashes. */
const slashed = (value: string): string => plainRegex(value).replace(/\//g, '\\/');

interface Words {
  readonly and: string;
  readonly or: string;
  /** A comparison; true or false where the log cannot tell and one answer is the safe one. */
  compare(compared: Compared): string | boolean;
  request?(requested: Requested): string;
}

function folded(condition: Condition, words: Words): string | boolean {
  switch (condition.kind) {
    case 'request': return words.request ? words.request(condition) : folded(fieldsOf(condition), words);
    case 'all':
    case 'any': {
      const decisive = condition.kind === 'any';
      const parts = condition.of.map(one => folded(one, words)).filter(part => part !== !decisive);
      if (parts.includes(decisive)) return decisive;
      if (parts.length === 0) return !decisive;
      return parts.length === 1 ? parts[0] : `(${parts.join(decisive ? ` ${words.or} ` : ` ${words.and} `)})`;
    }
    default: return words.compare(condition);
  }
}

const written = (condition: Condition, words: Words): string => String(folded(condition, words));

/** Fields that a question compares or shows. */
function fieldsIn({ condition, shown }: Question): Field[] {
  const found = new Set<Field>(shown);
  const see = (one: Condition): void => {
    if ('of' in one) one.of.forEach(see);
    else if (one.kind === 'request') see(fieldsOf(one));
    else found.add(one.field);
  };
  see(condition);
  return [...found];
}

const LOGQL: Language = {
  id: 'logql',
  title: 'LogQL (Loki)',
  source: '{service_name="kube-apiserver-audit"}',
  sourceIs: 'a stream selector',
  query: (question, source) => {
    const label = (field: Field) => `audit_${field.replace(/[A-Z]/g, one => `_${one.toLowerCase()}`)}`;
    const path = (field: Field) => PATHS[field].map((step, index) => /^\w+$/.test(step) ? `${index > 0 ? '.' : ''}${step}` : `["${step}"]`).join('');
    // A label that is not there is an empty text. Patterns of label filters match the whole value.
    const condition = written(question.condition, {
      and: 'and',
      or: 'or',
      compare: ({ kind, field, value, not }) => kind === 'equals' ? `${label(field)}${not ? '!=' : '='}${quoted(value)}`
        : `${label(field)}${not ? '!~' : '=~'}${quoted(kind === 'begins' ? `(?s)${plainRegex(value)}.*` : `(?s).*${plainRegex(value)}.*`)}`,
    });
    const labels = fieldsIn(question);
    return [source, `| json ${labels.map(field => `${label(field)}=${quoted(path(field))}`).join(', ')}`, `| ${condition}`, `| line_format ${quoted(question.shown.map(field => `{{.${label(field)}}}`).join(' | '))}`].join('\n');
  },
};

/** CloudWatch discovers the fields of JSON. */
const CLOUDWATCH: Language = {
  id: 'cloudwatch',
  title: 'CloudWatch Logs Insights',
  source: 'kube-apiserver-audit',
  sourceIs: 'the begin of the names of log streams',
  query: (question, source) => {
    const name = (field: Field) => PATHS[field].every(step => /^\w+$/.test(step)) ? PATHS[field].join('.') : `\`${PATHS[field].join('.')}\``;
    const condition = written(question.condition, {
      and: 'and',
      or: 'or',
      compare: ({ kind, field, value, not }) => {
        // What is not there equals nothing and is like nothing.
        if (kind === 'equals' && value === '') return not ? `ispresent(${name(field)})` : `not ispresent(${name(field)})`;
        const positive = kind === 'equals' ? `${name(field)} = ${quoted(value)}` : `${name(field)} like /${kind === 'begins' ? '^' : ''}${slashed(value)}/`;
        return not ? `(not ispresent(${name(field)}) or ${kind === 'equals' ? positive.replace(' = ', ' != ') : positive.replace(' like ', ' not like ')})` : positive;
      },
    });
    return [`fields ${question.shown.map(name).join(', ')}`, `| filter @logStream like /^${slashed(source)}/`, `| filter ${condition}`, '| sort @timestamp asc', '| limit 10000'].join('\n');
  },
};

/** GKE writes audit events as Cloud Audit Logs: one name for group, resource, subresource and verb. */
const CLOUD_LOGGING: Language = {
  id: 'cloud-logging',
  title: 'Cloud Logging (GKE)',
  source: 'resource.type="k8s_cluster"',
  sourceIs: 'a filter',
  query: (question, source) => {
    const method = 'protoPayload.methodName';
    const name: { readonly [field in Field]?: string } = {
      user: 'protoPayload.authenticationInfo.principalEmail',
      client: 'protoPayload.requestMetadata.callerSuppliedUserAgent',
      uri: 'protoPayload.resourceName',
      decision: `labels.${quoted(DECISION)}`,
      reason: `labels.${quoted(REASON)}`,
      failure: `labels.${quoted(FAILURE)}`,
    };
    const condition = written(question.condition, {
      and: 'AND',
      or: 'OR',
      request: ({ apiGroup, resource, subresource, verbs }) => {
        const group = apiGroup === '' ? 'core' : apiGroup.replace(/\.k8s\.io$/, '').split('.').reverse().join('.');
        return `${method}=~${quoted(`^io\\.k8s\\.${plainRegex(group)}\\.v1\\.${resource}${subresource === '' ? '' : `\\.${subresource}`}\\.(${verbs.join('|')})$`)}`;
      },
      compare: ({ kind, field, value, not }) => {
        const no = not ? 'NOT ' : '';
        if (field === 'name') return `${no}protoPayload.resourceName=~${quoted(`/${kind === 'contains' ? '.*' : ''}${plainRegex(value)}[^/]*$`)}`;
        // There are no stages. Whom somebody acts as is in no field of its own: it is taken for nobody, so that who acts as another is outside.
        if (field === 'stage') return true;
        if (field === 'as') return (kind === 'equals' && value === '') !== not;
        if (name[field] === undefined) throw new Error(`Cloud Logging has no ${field}`);
        return kind === 'equals' ? `${no}${name[field]}=${quoted(value)}` : kind === 'contains' ? `${no}${name[field]}:${quoted(value)}` : `${no}${name[field]}=~${quoted(`^${plainRegex(value)}`)}`;
      },
    });
    return [source, 'protoPayload.serviceName="k8s.io"', condition].join('\nAND ');
  },
};

/** AKS with resource logs in tables of their own. */
const KQL: Language = {
  id: 'kql',
  title: 'KQL (Azure Monitor)',
  source: 'AKSAudit',
  sourceIs: 'a table',
  query: (question, source) => {
    const columns: { readonly [field in Field]: string } = {
      id: 'AuditId',
      time: 'RequestReceivedTime',
      stage: 'Stage',
      verb: 'Verb',
      apiGroup: 'tostring(ObjectRef.apiGroup)',
      resource: 'tostring(ObjectRef.resource)',
      subresource: 'tostring(ObjectRef.subresource)',
      namespace: 'tostring(ObjectRef.namespace)',
      name: 'tostring(ObjectRef.name)',
      uri: 'RequestUri',
      user: 'tostring(User.username)',
      as: 'tostring(column_ifexists("ImpersonatedUser", dynamic(null)).username)',
      client: 'UserAgent',
      code: 'toint(ResponseStatus.code)',
      decision: `tostring(Annotations[${quoted(DECISION)}])`,
      reason: `tostring(Annotations[${quoted(REASON)}])`,
      failure: `tostring(Annotations[${quoted(FAILURE)}])`,
    };
    const fields = fieldsIn(question);
    const condition = written(question.condition, {
      and: 'and',
      or: 'or',
      compare: ({ kind, field, value, not }) => kind === 'equals' ? `a_${field} ${not ? '!=' : '=='} ${quoted(value)}` : `a_${field} ${not ? '!' : ''}${kind === 'begins' ? 'startswith_cs' : 'contains_cs'} ${quoted(value)}`,
    });
    return [source, `| extend ${fields.map(field => `a_${field} = ${columns[field]}`).join(', ')}`, `| where ${condition}`, `| project ${question.shown.map(field => `${field}_ = a_${field}`).join(', ')}`, '| order by time_ asc'].join('\n');
  },
};

/** Splunk takes the fields out of JSON when it searches. */
const SPL: Language = {
  id: 'spl',
  title: 'SPL (Splunk)',
  source: 'index=* sourcetype="kube:audit"',
  sourceIs: 'a search',
  query: (question, source) => {
    const text = (value: string) => `"${value.replace(/[\\"]/g, '\\$&')}"`;
    const fields = fieldsIn(question);
    // A comparison with what is not there is neither true nor false, so it is an empty text.
    const given = fields.map(field => `a_${field}=coalesce('${PATHS[field].join('.')}', "")`).join(', ');
    const condition = written(question.condition, {
      and: 'AND',
      or: 'OR',
      compare: ({ kind, field, value, not }) => {
        if (kind === 'equals') return `a_${field}${not ? '!=' : '='}${text(value)}`;
        const length = value.length;
        const positive = kind === 'begins' ? `substr(a_${field}, 1, ${length})=${text(value)}` : `match(a_${field}, ${text(plainRegex(value))})`;
        return not ? `NOT (${positive})` : positive;
      },
    });
    return [`search ${source}`, `| eval ${given}`, `| where ${condition}`, `| table ${question.shown.map(field => `a_${field}`).join(', ')}`, '| sort 0 a_time'].join('\n');
  },
};

/** Elastic's integration for Kubernetes puts events below `kubernetes.audit`, and has underscores for dots in the names of annotations. */
const ESQL: Language = {
  id: 'esql',
  title: 'ES|QL (Elasticsearch)',
  source: 'logs-kubernetes.audit_logs-*',
  sourceIs: 'an index pattern',
  query: (question, source) => {
    const path = (field: Field) => `kubernetes.audit.${PATHS[field].map(step => step.replace(/\./g, '_')).join('.')}`;
    const name = (field: Field) => path(field).split('.').map(step => /^\w+$/.test(step) ? step : `\`${step}\``).join('.');
    const fields = fieldsIn(question);
    const given = fields.map(field => `a_${field} = COALESCE(${field === 'code' || field === 'time' ? `TO_STRING(${name(field)})` : name(field)}, "")`).join(', ');
    const condition = written(question.condition, {
      and: 'AND',
      or: 'OR',
      compare: ({ kind, field, value, not }) => {
        if (kind === 'equals') return `a_${field} ${not ? '!=' : '=='} ${esql(value)}`;
        const positive = kind === 'begins' ? `STARTS_WITH(a_${field}, ${esql(value)})` : `LOCATE(a_${field}, ${esql(value)}) > 0`;
        return not ? `NOT ${positive}` : positive;
      },
    });
    return [`FROM ${source}`, `| EVAL ${given}`, `| WHERE ${condition}`, `| KEEP ${question.shown.map(field => `a_${field}`).join(', ')}`, '| SORT a_time', '| LIMIT 10000'].join('\n');
  },
};

/** Its texts know five escapes, and no numbers. */
const esql = (value: string): string => `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;

export const LANGUAGES: readonly Language[] = [LOGQL, CLOUDWATCH, CLOUD_LOGGING, KQL, SPL, ESQL];
