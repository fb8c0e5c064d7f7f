import { isIP } from 'net';
import type { Duration } from 'cdk8s';
import { reject, show } from './errors';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
/** Control characters, and marks that make two texts look alike or turn their order around. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** The same but for the two joiners, which some scripts need. */
const UNSEEN_IN_PROSE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Namespaces of the control plane: debug access there is access to the cluster itself. */
const SYSTEM_NAMESPACES = /^(kube-.*|openshift(-.*)?|default)$/;

/** Text that must be there: not empty, no control or invisible characters, no surrounding blanks, within a length. */
export function text(where: string, field: string, value: string, what: string, max = 253, unseen = UNSEEN): string {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    reject({ where, field, value, problem: 'is not text', fix: `give ${what}` });
  }
  if (!value?.trim()) {
    reject({ where, field, value, problem: 'is empty', fix: `give ${what}` });
  }
  if (value !== value.trim()) {
    reject({ where, field, value, problem: 'begins or ends with blanks', fix: `write ${show(value.trim())}` });
  }
  if (unseen.test(value)) {
    reject({ where, field, value, problem: 'contains control or invisible characters', fix: `give ${what} as plain text` });
  }
  if (value.length > max) {
    reject({ where, field, value, problem: `is ${value.length} characters long, the limit is ${max}`, fix: `shorten it to ${max} characters` });
  }
  return value;
}

/** No asterisk anywhere: a wildcard grants what nobody declared. */
export function noWildcard(where: string, field: string, value: string): string {
  if (typeof value === 'string' && value.includes('*')) {
    reject({ where, field, value, problem: 'is a wildcard', fix: 'list each one by its name' });
  }
  return value;
}

/** A DNS label (RFC 1123): at most 63 characters. */
export function dnsLabel(where: string, field: string, value: string, what: string): string {
  text(where, field, noWildcard(where, field, value), what, 63);
  if (!LABEL.test(value)) {
    reject({ where, field, value, problem: 'is not a DNS label (lower-case letters, digits and "-", beginning and ending with a letter or digit)', fix: `write ${what}` });
  }
  return value;
}

/** A DNS subdomain (RFC 1123): at most 253 characters. */
export function dnsSubdomain(where: string, field: string, value: string, what: string): string {
  text(where, field, noWildcard(where, field, value), what, 253);
  if (!SUBDOMAIN.test(value)) {
    reject({ where, field, value, problem: 'is not a DNS subdomain (lower-case letters, digits, "-" and ".")', fix: `write ${what}` });
  }
  return value;
}

/** Whether the namespace belongs to the control plane or is the shared default. */
export function isSystemNamespace(name: string): boolean {
  return SYSTEM_NAMESPACES.test(name);
}

/** A namespace's name; one of the control plane's only when the caller says so. */
export function namespaceName(where: string, field: string, value: string, allowSystem = false): string {
  dnsLabel(where, field, value, 'a namespace name such as "payments"');
  if (!allowSystem && isSystemNamespace(value)) {
    reject({
      where,
      field,
      value,
      problem: 'is a system namespace: what runs there can act on the whole cluster',
      fix: 'name an application namespace, or set allowSystemNamespaces: true if this is really meant',
    });
  }
  return value;
}

/** The name of a Role or binding (path segment name): at most 63 here, so that it fits a label too. */
export function objectName(where: string, field: string, value: string): string {
  return dnsLabel(where, field, value, 'a name such as "oncall-debug"');
}

/** A group of the identity provider; never one of Kubernetes' own. */
export function groupName(where: string, field: string, value: string): string {
  text(where, field, noWildcard(where, field, value), 'the name of an identity-provider group such as "oncall-payments"', 253);
  if (/^system:/i.test(value)) {
    reject({
      where,
      field,
      value,
      problem: 'is a Kubernetes system group, which stands for more than a team',
      fix: 'name a group of your identity provider, such as "oncall-payments"',
    });
  }
  return value;
}

/** Each of the list by one check, with its index in the field's name; an empty list or a repeated entry is refused. */
export function each(where: string, field: string, values: string[], what: string, check: (field: string, value: string) => string): string[] {
  if (!Array.isArray(values) || values.length === 0) {
    reject({ where, field, value: values, problem: 'is empty', fix: `give at least one ${what}` });
  }
  const seen = new Set<string>();
  values.forEach((value, i) => {
    check(`${field}[${i}]`, value);
    if (seen.has(value)) {
      reject({ where, field: `${field}[${i}]`, value, problem: 'is listed twice', fix: 'remove one of the two' });
    }
    seen.add(value);
  });
  return values;
}

/** A reason a reviewer can read: it is kept as an annotation. At most 1,000 characters. */
export function reason(where: string, field: string, value: string): string {
  return text(where, field, value, 'a reason in a few words, e.g. "API calls to the ledger"', 1000, UNSEEN_IN_PROSE);
}

/** A duration in whole seconds, within both limits (given in seconds); returns the seconds. */
export function seconds(where: string, field: string, value: Duration, least: number, most: number): number {
  if (typeof value?.toMilliseconds !== 'function') {
    reject({ where, field, value, problem: 'is not a Duration', fix: 'write one such as Duration.hours(1)' });
  }
  const amount = value.toMilliseconds({ integral: false }) / 1000;
  const refuse = (problem: string) => reject({ where, field, value: `${amount} s`, problem, fix: `give whole seconds from ${least} s to ${most} s` });
  if (!Number.isInteger(amount)) refuse('is not a whole number of seconds');
  if (amount < least) refuse(amount === 0 ? 'is no time at all' : 'is too short');
  if (amount > most) refuse('is too long');
  return amount;
}

/** A TCP, UDP or SCTP port: an integer from 1 to 65535. */
export function port(where: string, field: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    reject({ where, field, value, problem: 'is not a port', fix: 'give an integer from 1 to 65535' });
  }
  return value;
}

/** The shape of a CIDR block, without a zone; whether host bits are set is not looked at here. */
export function cidr(where: string, field: string, value: string): string {
  text(where, field, value, 'a CIDR block such as "10.20.0.0/16"', 64);
  const [address, prefix, ...rest] = value.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (rest.length > 0 || prefix === undefined || version === 0 || address.includes('%') || !/^(0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits) {
    reject({ where, field, value, problem: 'is not a CIDR block', fix: 'write address/prefix, e.g. "10.20.0.0/16" or "2001:db8::/32"' });
  }
  return value;
}

/** A label or annotation key: optional DNS-subdomain prefix, then a qualified name of at most 63 characters. */
export function labelKey(where: string, field: string, value: string): string {
  text(where, field, noWildcard(where, field, value), 'a label key such as "app.kubernetes.io/name"', 317);
  const [name, prefix = 'none', ...rest] = value.split('/').reverse();
  if (rest.length > 0 || name.length > 63 || !QUALIFIED_NAME.test(name) || prefix.length > 253 || !SUBDOMAIN.test(prefix)) {
    reject({ where, field, value, problem: 'is not a label key', fix: 'write one such as "app" or "app.kubernetes.io/name"' });
  }
  return value;
}

/** A label value: empty, or a qualified name of at most 63 characters. */
export function labelValue(where: string, field: string, value: string): string {
  if (typeof value !== 'string' || value.length > 63 || (value !== '' && !QUALIFIED_NAME.test(value))) {
    reject({ where, field, value, problem: 'is not a label value', fix: 'use at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit' });
  }
  return value;
}

// The grammar of github.com/distribution/reference: an optional registry host, path components, tag, digest.
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[A-Fa-f0-9:]+\\])(?::[0-9]+)?';
const PATH = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(`^(?<name>(?:${HOST}/)?${PATH}(?:/${PATH})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?<digest>@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))?$`);

/** An image reference pinned by a version tag or a digest; `:latest` and untagged ones are refused. */
export function pinnedImage(where: string, field: string, value: string): string {
  text(where, field, value, 'an image such as "docker.io/library/busybox:1.37.0"', 512);
  const { name, tag, digest } = IMAGE.exec(value)?.groups ?? {};
  if (!name || name.length > 255) {
    reject({ where, field, value, problem: 'is not an image reference', fix: 'write registry/repository:tag or registry/repository@sha256:…' });
  }
  if (!tag && !digest) {
    reject({ where, field, value, problem: 'has no tag, so it means whatever was pushed last', fix: 'add a version tag or a digest' });
  }
  if (tag === 'latest' && !digest) {
    reject({ where, field, value, problem: 'uses :latest, which means whatever was pushed last', fix: 'add a version tag or a digest' });
  }
  return value;
}
