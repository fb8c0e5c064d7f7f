import { asObject } from './event';

/** So many are told; a change of more is told by its first. */
const MOST = 8;
const LONGEST_PATH = 120;
const NOISE = /^metadata\.annotations\["kubectl\.kubernetes\.io\/last-applied-configuration"\]$/;
const MERGE_KEYS = ['name', 'containerPort', 'port', 'mountPath', 'ip', 'key'];

/**
 * Which fields a patch or scale sent, e.g. `spec.replicas: 3`; none when the log has no body. Values are told only of
 * numbers, truth values and images: what a ConfigMap or an environment holds is nothing for a pull request.
 */
export function changedFields(verb: string, subresource: string, body: unknown): string[] {
  if (body === null || typeof body !== 'object') return [];
  if (subresource === 'scale' && !Array.isArray(body)) {
    const { replicas } = asObject(asObject(body).spec);
    return typeof replicas === 'number' ? [`spec.replicas: ${replicas}`] : [];
  }
  if (verb !== 'patch') return [];
  const found: string[] = [];
  if (Array.isArray(body)) {
    for (const step of body.map(asObject)) {
      if (step.op !== 'test') leaves(pointer(String(step.path ?? '')), step.op === 'remove' ? null : step.value, found);
    }
  } else if ('apiVersion' in body && 'kind' in body) {
    // Server-side apply sends the whole object; what of it is new is not in the log.
    return ['the whole object was applied'];
  } else {
    leaves('', body, found);
  }
  const told = [...new Set(found)];
  return told.length > MOST ? [...told.slice(0, MOST), `and ${told.length - MOST} more`] : told;
}

/** Iterative, for what was sent may be nested a thousand deep. */
function leaves(start: string, value: unknown, found: string[]): void {
  const todo: [string, unknown][] = [[start, value]];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [path, here] = next;
    const below: [string, unknown][] = Array.isArray(here)
      ? here.map((item, i) => [`${path}[${mergeKey(item) ?? i}]`, withoutKey(item)])
      : here !== null && typeof here === 'object'
        ? Object.entries(here).filter(([key]) => !key.startsWith('$setElementOrder/') && key !== '$retainKeys').map(([key, item]) => [`${path}${step(key, path)}`, item])
        : [];
    if (below.length > 0 && path.length <= LONGEST_PATH) todo.push(...below.reverse());
    else if (!NOISE.test(path)) found.push(`${path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path}${shown(path, here)}`);
  }
}

const step = (key: string, path: string) => /^[A-Za-z$][\w-]*$/.test(key) ? `${path ? '.' : ''}${key}` : `[${JSON.stringify(key)}]`;

/** `name=app` of a list item of a strategic merge patch. */
function mergeKey(item: unknown): string | undefined {
  const object = asObject(item);
  const key = MERGE_KEYS.find(one => ['string', 'number'].includes(typeof object[one]));
  return key && `${key}=${object[key]}`;
}

function withoutKey(item: unknown): unknown {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
  const key = MERGE_KEYS.find(one => ['string', 'number'].includes(typeof (item as any)[one]));
  const rest = Object.entries(item).filter(([name]) => name !== key);
  return rest.length > 0 ? Object.fromEntries(rest) : item;
}

function shown(path: string, value: unknown): string {
  if (value === null) return ' removed';
  if (typeof value === 'number' || typeof value === 'boolean') return `: ${value}`;
  return typeof value === 'string' && /\.image$/.test(path) && value.length <= LONGEST_PATH ? `: ${value}` : '';
}

/** `/spec/replicas` as `spec.replicas`. */
function pointer(path: string): string {
  return path.split('/').slice(1).map(part => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce((before, part) => `${before}${/^(\d+|-)$/.test(part) ? `[${part}]` : step(part, before)}`, '');
}
