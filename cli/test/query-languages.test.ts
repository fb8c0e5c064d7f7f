import { dig, Dialect, matches, Reader } from './query-reader';
import { LANGUAGES } from '../src/audit/engines/languages/languages';
import { questions } from '../src/audit/engines/languages/questions';
import { generated } from '../tools/engines-log';
import { fieldsOfEvent, holds, PEOPLE } from '../tools/languages';

const events = generated(1).filter(line => line.includes('"audit.k8s.io/v1"')).map(line => JSON.parse(line));

/** As Elastic's Kubernetes integration stores it. */
const elastic = ({ annotations, ...rest }: any) => ({ kubernetes: { audit: { ...rest, annotations: Object.fromEntries(Object.entries(annotations ?? {}).map(([key, value]) => [key.replace(/\./g, '_'), value])) } } });

/** As GKE writes it: https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging */
function gke(event: any): any {
  const { objectRef: { resource, subresource, apiGroup = '', namespace, name } = {} as any, annotations } = event;
  const group = apiGroup === '' ? 'core' : apiGroup.replace(/\.k8s\.io$/, '').split('.').reverse().join('.');
  return {
    resource: { type: 'k8s_cluster' },
    labels: annotations,
    protoPayload: {
      serviceName: 'k8s.io',
      methodName: ['io.k8s', group, 'v1', resource, ...subresource ? [subresource] : [], event.verb].join('.'),
      resourceName: [apiGroup === '' ? 'core' : apiGroup, 'v1', 'namespaces', namespace, resource, name, subresource].filter(Boolean).join('/'),
      authenticationInfo: { principalEmail: event.user.username },
      requestMetadata: { callerSuppliedUserAgent: event.userAgent },
    },
  };
}

const text = (value: any) => value === undefined ? undefined : String(value);
const line = (query: string, begin: string) => query.split('\n').filter(one => one.startsWith(begin)).map(one => one.slice(begin.length)).at(-1)!;

/** For each language: which events a query takes. */
const READ: { readonly [language: string]: (query: string) => (event: any) => boolean } = {
  'cloudwatch': query => new Reader(line(query, '| filter '), { levels: ['or', 'and'], field: dig, functions: { ispresent: value => value !== undefined } }).condition(),
  'spl': query => {
    const dialect: Dialect = {
      levels: ['OR', 'AND'],
      field: dig,
      functions: {
        coalesce: (...values) => values.find(value => value !== undefined),
        substr: (value, from, length) => String(value).slice(Number(from) - 1, Number(from) - 1 + Number(length)),
        match: (value, pattern) => matches(String(value), String(pattern)),
      },
    };
    const given = new Reader(line(query, '| eval '), dialect).assignments();
    return new Reader(line(query, '| where '), { ...dialect, field: (event, name) => given[name](event) }).condition();
  },
  'esql': query => {
    const functions: Dialect['functions'] = {
      COALESCE: (...values) => values.find(value => value !== undefined),
      TO_STRING: text,
      STARTS_WITH: (value, begin) => String(value).startsWith(String(begin)),
      LOCATE: (value, part) => String(value).indexOf(String(part)) + 1,
    };
    const given = new Reader(line(query, '| EVAL '), { levels: ['OR', 'AND'], field: dig, functions }).assignments();
    const condition = new Reader(line(query, '| WHERE '), { levels: ['OR', 'AND'], field: (event, name) => given[name](event), functions }).condition();
    return event => condition(elastic(event));
  },
  'kql': query => {
    const condition = new Reader(line(query, '| where '), { levels: ['or', 'and'], field: (event, name) => event[name] }).condition();
    return event => condition(Object.fromEntries(Object.entries(fieldsOfEvent(event)).map(([field, value]) => [`a_${field}`, value])));
  },
  // AND is looser than OR here.
  'cloud-logging': query => {
    const condition = new Reader(query, { levels: ['AND', 'OR'], field: dig }).condition();
    return event => condition(gke(event));
  },
};

/** GKE has an entry when a request is done, and no field for whom somebody acts as. */
const asThere = (language: string, event: any) => language === 'cloud-logging' ? { ...event, stage: 'ResponseComplete', impersonatedUser: undefined } : event;

describe.each(Object.keys(READ))('%s', language => {
  const { query, source } = LANGUAGES.find(({ id }) => id === language)!;
  const there = events.map(event => asThere(language, event));

  test.each(PEOPLE)('read by its documentation, takes the events that are meant: of %j', user => {
    for (const question of questions(user)) {
      const takes = READ[language](query(question, source));
      const taken = events.filter(takes).map(({ auditID, stage }) => `${auditID} ${stage}`);
      expect([question.id, taken]).toEqual([question.id, events.filter((_, index) => holds(question.condition, there[index])).map(({ auditID, stage }) => `${auditID} ${stage}`)]);
      if (user === undefined) expect(taken.length).toBeGreaterThan(5);
    }
  });
});

test('the reader reads what documentation says of precedence', () => {
  const field = dig;
  const takes = (levels: Dialect['levels'], condition: string) => new Reader(condition, { levels, field }).condition()({ a: 'x', b: 'y' });
  expect(takes(['OR', 'AND'], 'a="x" OR a="x" AND b="no"')).toBe(true);
  expect(takes(['AND', 'OR'], 'a="x" OR a="x" AND b="no"')).toBe(false);
  expect(takes(['OR', 'AND'], 'NOT a="no" AND b="y"')).toBe(true);
  expect(() => takes(['OR', 'AND'], 'a="x" b="y"')).toThrow('left over');
  expect(() => takes(['OR', 'AND'], '(a="x"')).toThrow('missing');
});
