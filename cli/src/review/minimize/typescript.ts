import { DebugCapability, PolicyRule } from 'cdk8s-secure-debug';
import { split } from './covered';
import { roleObjects, RoleOptions } from './objects';
import { Place } from './rights';
import { comment, literal } from './safe-text';

/** A part of a program: statements in a scope called `this`, and what they use. */
export interface Code {
  readonly lines: string[];
  /** Names imported from the library. */
  readonly library: string[];
  /** It makes objects that no construct makes. */
  readonly plainObjects: boolean;
}

const SYSTEM = /^(kube-.*|openshift(-.*)?|default)$/;

const constantOf = (capability: DebugCapability) => `DebugCapability.${capability.id.toUpperCase().replace(/-/g, '_')}`;

/** Where grants that are alike go into one construct. */
interface Grant {
  readonly namespaces: string[];
  readonly capabilities: DebugCapability[];
  readonly pods?: string[];
  readonly role: string;
}

/** The constructs of the library take no subjects of Kubernetes' own, and no names that look like others. */
const isTaken = ({ who }: RoleOptions) => who.kind === 'ServiceAccount' || (!/^system:|[*\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/iu.test(who.name) && who.name === who.name.trim() && who.name.length <= 253);

/** The same rights as the manifests, by the library's constructs as far as they grant exactly that. */
export function codeOf(options: RoleOptions, places: Place[]): Code {
  const { name, who } = options;
  const lines: string[] = [];
  const library = new Set<string>();
  let plainObjects = false;

  const grants: Grant[] = [];
  const rests: { readonly namespace?: string; readonly rules: (PolicyRule | Place['urls'][number])[] }[] = [];
  for (const place of places) {
    const { covered, rest } = isTaken(options) ? split(place) : { covered: [], rest: place.rules };
    covered.forEach(({ capabilities, pods }, i) => {
      const role = `${name}-debug${i === 0 ? '' : `-${i + 1}`}`;
      const text = (one: Omit<Grant, 'namespaces'>) => JSON.stringify([one.role, one.pods, one.capabilities.map(({ id }) => id)]);
      const alike = (one: Grant) => text(one) === text({ role, pods, capabilities });
      const same = place.namespace === undefined ? undefined
        : grants.find(one => one.namespaces.length > 0 && alike(one) && SYSTEM.test(one.namespaces[0]) === SYSTEM.test(place.namespace!));
      if (same) same.namespaces.push(place.namespace!);
      else grants.push({ namespaces: place.namespace === undefined ? [] : [place.namespace], capabilities, pods, role });
    });
    const rules = [...rest, ...place.urls];
    if (rules.length > 0) rests.push({ namespace: place.namespace, rules });
  }

  const subject = who.kind === 'Group' ? `group: ${literal(who.name)}`
    : who.kind === 'User' ? `subjects: [DebugSubject.userBecause(${literal(who.name)}, 'the audit log names no group of theirs')]`
      : `subjects: [DebugSubject.serviceAccountBecause(${literal(who.namespace)}, ${literal(who.name)}, 'a program, by its audit log')]`;
  grants.forEach(({ namespaces, capabilities, pods, role }, i) => {
    library.add('DebugCapability');
    if (who.kind !== 'Group') library.add('DebugSubject');
    const wide = namespaces.length === 0;
    library.add(wide ? 'ClusterReadAccess' : 'OnCallDebugAccess');
    lines.push(
      `new ${wide ? 'ClusterReadAccess' : 'OnCallDebugAccess'}(this, ${literal(`${name}-${i + 1}`)}, {`,
      `  name: ${literal(role)},`,
      ...wide ? [] : [`  namespaces: ${literal(namespaces)},`],
      `  ${subject},`,
      `  capabilities: [${capabilities.map(constantOf).join(', ')}],`,
      ...pods ? [`  resourceNames: ${literal(pods)},`] : [],
      ...namespaces.some(one => SYSTEM.test(one)) ? ['  allowSystemNamespaces: true,'] : [],
      '});',
    );
  });

  for (const { namespace, rules } of rests) {
    plainObjects = true;
    lines.push(...comment('//', [`Beside what capabilities cover, ${namespace === undefined ? 'in the whole cluster' : `in ${namespace}`}.`]));
    roleObjects(options, namespace, rules).forEach((object, i) => {
      const id = `${name}-${namespace === undefined ? 'cluster' : `in-${namespace}`}-${i === 0 ? 'role' : 'binding'}`;
      lines.push(`new ApiObject(this, ${literal(id)}, {`, ...fields(object), '});');
    });
  }
  return { lines, library: [...library].sort(), plainObjects };
}

function fields(object: any): string[] {
  return Object.entries(object).flatMap(([key, value]) => Array.isArray(value)
    ? [`  ${key}: [`, ...value.map(one => `    ${literal(one)},`), '  ],']
    : [`  ${key}: ${literal(value)},`]);
}

/** A whole program that synthesizes them. */
export function programOf(options: RoleOptions, places: Place[], remarks: string[]): string {
  const { lines, library, plainObjects } = codeOf(options, places);
  return [
    ...comment('//', remarks),
    `import { ${plainObjects ? 'ApiObject, ' : ''}App, Chart } from 'cdk8s';`,
    ...library.length > 0 ? [`import { ${library.join(', ')} } from 'cdk8s-secure-debug';`] : [],
    'import { Construct } from \'constructs\';',
    '',
    'export class MinimalAccess extends Chart {',
    '  public constructor(scope: Construct, id: string) {',
    '    super(scope, id);',
    ...lines.map(line => `    ${line}`),
    '  }',
    '}',
    '',
    'const app = new App();',
    `new MinimalAccess(app, ${literal(options.name)});`,
    'app.synth();',
    '',
  ].join('\n');
}
