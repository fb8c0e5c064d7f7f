/**
 * What the library emits, or others write down, and promises not to rename: one line each, as golden-names.txt lists it.
 *
 *     npx tsx --tsconfig tsconfig.dev.json test/stability/names.ts
 *
 * adds what is new to the list. What is gone it leaves there, for the test to fail on.
 */
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { KITCHEN_SINK, NAMESPACE } from './kitchen-sink';
import { DebugCapability, SecureDebugWarnings } from '../../src';
import { REQUEST, REQUEST_FOR, REQUESTABLE, TERMS } from '../../src/model/access-request';
import * as constants from '../../src/model/constants';
import { STREAMS, VIRTUAL, VIRTUAL_GROUP } from '../../src/model/virtual-rights';

const GOLDEN = join(__dirname, 'golden-names.txt');
const DOMAIN = /^([a-z0-9-]+\.)?secure-debug\.internal(\/|$)/;

/** The lines that were promised. */
export const goldenNames = () => readFileSync(GOLDEN, 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'));

/** Every key of this library, with its value where that is one of ours and not the user's, wherever it stands. */
function ownKeys(value: any, at: 'labels' | 'annotations' | '' = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'labels' || key === 'annotations') return ownKeys(inner, key);
    if (at === '' || !DOMAIN.test(key)) return ownKeys(inner);
    return [key.endsWith('/component') ? `${at.slice(0, -1)} ${key}=${inner}` : `${at.slice(0, -1)} ${key}`];
  });
}

function emitted(): string[] {
  const objects = Object.values(KITCHEN_SINK).flatMap(build => build());
  const named = objects.filter(object => object.metadata?.name);
  return [
    ...named.map(({ kind, metadata }) => `object ${kind}/${metadata.name.replace(NAMESPACE, '<namespace>')}`),
    ...ownKeys(objects),
    ...objects.map(object => `label app.kubernetes.io/managed-by=${object.metadata?.labels?.['app.kubernetes.io/managed-by']}`).filter(line => !line.endsWith('undefined')),
    ...objects.filter(object => object.metadata?.name === 'jit-debug' || object.metadata?.name === 'jit-cluster-read')
      .flatMap(object => object.subjects ?? []).map(({ name }) => `group ${name.replace(NAMESPACE, '<namespace>')}`),
  ];
}

/** What requests and grants consist of, and the rights that guardrails ask for: users have them in Roles, alerts and scripts. */
function written(): string[] {
  return [
    ...Object.values(TERMS).map(key => `term of a requestable Role ${key}`),
    ...Object.values(REQUEST).map(key => `annotation of a request ${key}`),
    ...[REQUESTABLE, REQUEST_FOR].map(key => `label ${key}`),
    ...Object.values(VIRTUAL).map(({ resource, verb }) => `right ${verb} ${resource}.${VIRTUAL_GROUP}`),
    ...Object.values(STREAMS).map(name => `right use streams.${VIRTUAL_GROUP} named ${name}`),
  ];
}

function packages(): string[] {
  const { name, jsii: { targets } } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
  return [
    `package npm ${name}`,
    `package pypi ${targets.python.distName} (${targets.python.module})`,
    `package maven ${targets.java.maven.groupId}:${targets.java.maven.artifactId}`,
    `package go ${targets.go.moduleName}`,
  ];
}

/** The lines as they are now, sorted. */
export function currentNames(): string[] {
  return [...new Set([
    ...emitted(),
    ...Object.values(constants).filter(value => DOMAIN.test(value)).map(value => `constant ${value}`),
    ...DebugCapability.all().map(({ id }) => `capability ${id}`),
    ...SecureDebugWarnings.rules().map(({ id }) => `rule ${id}`),
    ...written(),
    ...packages(),
  ])].sort();
}

if (require.main === module) {
  const comments = readFileSync(GOLDEN, 'utf8').split('\n').filter(line => line.startsWith('#'));
  writeFileSync(GOLDEN, [...comments, ...new Set([...goldenNames(), ...currentNames()].sort()), ''].join('\n'));
}
