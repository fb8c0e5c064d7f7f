import { byCodeUnit } from '../private/canonical';
import { reject } from '../private/errors';
import { labelKey, labelValue } from '../private/validate';

/** Labels as Kubernetes writes them. */
export interface Labels { [key: string]: string }

/** One of matchExpressions. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: string[];
}

/** A label selector. Empty, it selects everything. */
export interface Selector {
  readonly labels: Labels;
  readonly requirements: Requirement[];
}

/** The label that the API server puts on every namespace. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** Labels that select something: none empty, every key and value well-formed; sorted. */
export function selectingLabels(where: string, field: string, labels: Labels, everything: string): Labels {
  if (Object.keys(labels ?? {}).length === 0) {
    reject({ where, field, value: labels, problem: 'is empty, which selects everything', fix: everything });
  }
  return checkedLabels(where, field, labels);
}

/** Labels of something that exists, which may have none; sorted. */
export function checkedLabels(where: string, field: string, labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => byCodeUnit(a, b)).map(([key, value]) => {
    labelKey(where, field, key);
    return [key, labelValue(where, `${field}["${key}"]`, value)];
  }));
}

const OPERATORS: string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** A list of a manifest; left out or null, it is empty. */
export function listOf(where: string, field: string, value: any): any[] {
  return Array.isArray(value ?? []) ? value ?? [] : reject({ where, field, value, problem: 'is not a list', fix: 'write it as Kubernetes documents it' });
}

/** An object of a manifest; left out or null, it is empty. */
export function objectOf(where: string, field: string, value: any): any {
  const object = value ?? {};
  return typeof object === 'object' && !Array.isArray(object) ? object : reject({ where, field, value, problem: 'is not an object', fix: 'write it as Kubernetes documents it' });
}

/** A parsed `podSelector` or `namespaceSelector`, held to what the API server accepts. */
export function parseSelector(where: string, field: string, manifest: any): Selector {
  const { matchLabels, matchExpressions } = objectOf(where, field, manifest);
  const given = Object.entries(objectOf(where, `${field}.matchLabels`, matchLabels));
  // A YAML key without a value is null, which the API server reads as an empty label value.
  const labels = checkedLabels(where, `${field}.matchLabels`, Object.fromEntries(given.map(([key, value]) => [key, (value ?? '') as string])));
  const requirements = listOf(where, `${field}.matchExpressions`, matchExpressions).map((expression: any, i: number): Requirement => {
    const at = `${field}.matchExpressions[${i}]`;
    const { key, operator, ...rest } = objectOf(where, at, expression);
    const values: string[] = listOf(where, `${at}.values`, rest.values);
    labelKey(where, `${at}.key`, key);
    if (!OPERATORS.includes(operator)) {
      reject({ where, field: `${at}.operator`, value: operator, problem: 'is not an operator', fix: `use one of ${OPERATORS.join(', ')}` });
    }
    const wantsValues = operator === 'In' || operator === 'NotIn';
    if (wantsValues !== values.length > 0) {
      reject({ where, field: `${at}.values`, value: values, problem: `does not fit the operator ${operator}`, fix: wantsValues ? 'give at least one value' : 'leave the values out' });
    }
    values.forEach((value, j) => labelValue(where, `${at}.values[${j}]`, value));
    return { key, operator, values };
  });
  return { labels, requirements };
}

/** Whether the selector selects everything. */
export function selectsAll(selector: Selector): boolean {
  return Object.keys(selector.labels).length === 0 && selector.requirements.length === 0;
}

/** Whether something with these labels is selected: every label and every expression must hold. */
export function selects(selector: Selector, labels: Labels): boolean {
  const has = (key: string) => Object.prototype.hasOwnProperty.call(labels, key);
  return Object.entries(selector.labels).every(([key, value]) => has(key) && labels[key] === value)
    && selector.requirements.every(({ key, operator, values }) => {
      switch (operator) {
        case 'In': return has(key) && values.includes(labels[key]);
        case 'NotIn': return !has(key) || !values.includes(labels[key]);
        case 'Exists': return has(key);
        case 'DoesNotExist': return !has(key);
      }
    });
}

/** The selector as kubectl's `--selector` would write it, e.g. `app=api,tier in (a,b)`. */
export function formatSelector({ labels, requirements }: Selector): string {
  return [
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ...requirements.map(({ key, operator, values }) => {
      switch (operator) {
        case 'In': return `${key} in (${values.join(',')})`;
        case 'NotIn': return `${key} notin (${values.join(',')})`;
        case 'Exists': return key;
        case 'DoesNotExist': return `!${key}`;
      }
    }),
  ].join(',');
}
