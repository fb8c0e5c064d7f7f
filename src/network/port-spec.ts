import { reject } from '../private/errors';
import { text } from '../private/validate';

/** The ports of one entry in a policy: a range, a name, all of a protocol, or all. */
export interface PortSpec {
  readonly protocol?: string;
  readonly first?: number;
  readonly last?: number;
  readonly name?: string;
}

/** E.g. `TCP 443`, `TCP 8000-8010`, `TCP http`, `all TCP ports`, `all ports`. */
export function formatPort({ protocol, first, last, name }: PortSpec): string {
  if (protocol === undefined) return 'all ports';
  if (name !== undefined) return `${protocol} ${name}`;
  if (first === undefined) return `all ${protocol} ports`;
  return `${protocol} ${first === last ? first : `${first}-${last}`}`;
}

/** Names as IANA gives them to services: what Kubernetes accepts as the name of a container's port. */
const IANA_NAME = /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

/** The name of a container's port: at most 15 characters. */
export function portName(at: string, field: string, value: string): string {
  text(at, field, value, 'the name of a port, such as "http"', 15);
  if (!IANA_NAME.test(value)) {
    reject({ where: at, field, value, problem: 'is not the name of a port (lower-case letters, digits and single "-", with at least one letter)', fix: 'write the name of the container\'s port, such as "http", or use its number' });
  }
  return value;
}
