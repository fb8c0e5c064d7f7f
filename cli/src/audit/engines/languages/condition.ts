/** Fields of an audit event that questions are about. */
export type Field =
  'id' | 'time' | 'stage' | 'verb' | 'apiGroup' | 'resource' | 'subresource' | 'namespace' | 'name' | 'uri' | 'user' | 'as' | 'client' | 'code' | 'decision' | 'reason' | 'failure';

/** Requests for a resource, as the capability model has them. */
export interface Requested {
  readonly kind: 'request';
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource: string;
  readonly verbs: readonly string[];
}

export interface Compared {
  readonly kind: 'equals' | 'begins' | 'contains';
  readonly field: Field;
  readonly value: string;
  readonly not: boolean;
}

export type Condition = Requested | Compared | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

const compared = (kind: Compared['kind'], field: Field, value: string): Compared => ({ kind, field, value, not: false });
export const equals = (field: Field, value: string): Condition => compared('equals', field, value);
export const begins = (field: Field, value: string): Condition => compared('begins', field, value);
export const contains = (field: Field, value: string): Condition => compared('contains', field, value);
export const all = (...of: Condition[]): Condition => ({ kind: 'all', of });
export const any = (...of: Condition[]): Condition => ({ kind: 'any', of });

/** The opposite. Not every language has a `not` for more than one comparison, so it goes to the comparisons. */
export function not(condition: Condition): Condition {
  switch (condition.kind) {
    case 'all': return any(...condition.of.map(not));
    case 'any': return all(...condition.of.map(not));
    case 'request': return not(fieldsOf(condition));
    default: return { ...condition, not: !condition.not };
  }
}

/** A request, field by field. */
export function fieldsOf({ apiGroup, resource, subresource, verbs }: Requested): Condition {
  return all(equals('resource', resource), equals('subresource', subresource), equals('apiGroup', apiGroup), verbs.length === 1 ? equals('verb', verbs[0]) : any(...verbs.map(verb => equals('verb', verb))));
}
