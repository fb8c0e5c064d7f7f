import { bare, Binding } from './bindings';
import { Decision, movedBy } from './decide';
import { Wave, waveOfBinding } from './waves';
import { yamlText } from '../minimize/safe-text';

/** A binding that a wave takes away, or of which it takes some subjects. */
export interface Removal {
  readonly binding: Binding;
  /** As they stand in the binding. */
  readonly gone: any[];
  readonly left: any[];
}

/** The same, as it is written down. */
interface Gone {
  readonly binding: Pick<Binding, 'kind' | 'name' | 'namespace'>;
  readonly gone: any[];
}

/** By wave. */
export function removalsOf(decisions: Decision[], waves: Wave[]): Removal[][] {
  const byBinding = new Map<Binding, Decision[]>();
  for (const decision of decisions) byBinding.set(decision.binding, [...byBinding.get(decision.binding) ?? [], decision]);
  const removals = waves.map((): Removal[] => []);
  for (const [binding, own] of byBinding) {
    const gone = own.filter(movedBy).map(({ raw }) => raw);
    const left = binding.object.subjects.filter((raw: any) => !gone.includes(raw));
    if (gone.length > 0) removals[waveOfBinding(waves, binding)].push({ binding, gone, left });
  }
  return removals;
}

const subjectKey = ({ kind, name, namespace }: any) => JSON.stringify([kind, name, namespace ?? '']);
const bindingKey = ({ kind, namespace, name }: Gone['binding']) => JSON.stringify([kind, kind === 'RoleBinding' ? namespace || 'default' : '', name]);
const keyOf = ({ kind, metadata }: any) => bindingKey({ kind, namespace: metadata?.namespace, name: metadata?.name });

/** Subjects of a binding that came after the plan was made; to remove it would take from them what nobody looked at. */
export function newcomers(objects: any[], { binding, gone, left }: Gone & { readonly left: any[] }): any[] {
  const known = new Set([...gone, ...left].map(subjectKey));
  const now = objects.filter(object => keyOf(object) === bindingKey(binding));
  return now.flatMap(({ subjects }) => Array.isArray(subjects) ? subjects : []).filter(raw => !known.has(subjectKey(raw)));
}

/** The objects without what was removed. */
export function without(objects: any[], removals: Gone[]): any[] {
  const gone = new Map(removals.map(one => [bindingKey(one.binding), new Set(one.gone.map(subjectKey))]));
  return objects.map(object => {
    const subjects = gone.get(keyOf(object));
    if (!subjects || !Array.isArray(object.subjects)) return object;
    return { ...object, subjects: object.subjects.filter((raw: any) => !subjects.has(subjectKey(raw))) };
  });
}

interface WaveScript {
  readonly id: string;
  /** From 1. */
  readonly number: number;
  readonly makes: boolean;
  readonly removals: Removal[];
  /** The policy that holds requests is applied before. */
  readonly policyFirst: boolean;
}

const HEAD = (what: string) => `#!/bin/sh
# ${what}
# KUBECTL and SECURE_DEBUG name other programs than kubectl and secure-debug; KUBECONFIG says which cluster.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
`;

/** `kubectl apply` that also takes objects it did not make; subjects are replaced as a whole. */
const APPLY = '${KUBECTL:-kubectl} apply --server-side --force-conflicts --field-manager=secure-debug-plan';

/** What a wave's folder has. Names of others stand in YAML and in no command. */
export function waveFiles({ id, number, makes, removals, policyFirst }: WaveScript): Map<string, string> {
  const whole = removals.filter(({ left }) => left.length === 0).map(({ binding }) => bare(binding.object));
  const parts = removals.filter(({ left }) => left.length > 0).map(({ binding, left }) => bare({ ...binding.object, subjects: left }));
  const originals = removals.map(({ binding }) => bare(binding.object));
  const folder = `waves/${id}`;
  const manifest = `"$root/dist/${id}.k8s.yaml"`;
  return new Map([
    ...originals.length > 0 ? [[`${folder}/originals.yaml`, yamlText(originals)] as const] : [],
    ...whole.length > 0 ? [[`${folder}/removed.yaml`, yamlText(whole)] as const] : [],
    ...parts.length > 0 ? [[`${folder}/remaining.yaml`, yamlText(parts)] as const] : [],
    [`${folder}/apply.sh`, [
      HEAD(`Wave ${number}: makes the new rights, asks whether they are enough for what was done, and takes away the old ones.`),
      ...makes ? [`[ -e ${manifest} ] || { echo "There is no dist yet. Fix: npm install && npm run synth" >&2; exit 2; }`] : [],
      ...policyFirst ? [
        `${APPLY} -f "$root/dist/access-requests.k8s.yaml"`,
        '# Requests are held by this policy alone, and the API server takes a moment to load it.',
        'sleep 5',
      ] : [],
      ...makes ? [`${APPLY} -f ${manifest}`] : [],
      '# Before anything is taken away: would the recorded work pass without it?',
      `\${SECURE_DEBUG:-secure-debug} plan check "$root" --wave ${number}`,
      ...parts.length > 0 ? [`${APPLY} -f "$here/remaining.yaml"`] : [],
      ...whole.length > 0 ? ['${KUBECTL:-kubectl} delete --ignore-not-found -f "$here/removed.yaml"'] : [],
      '# And now that it is gone.',
      `\${SECURE_DEBUG:-secure-debug} plan check "$root" --wave ${number} --done`,
      '',
    ].join('\n')],
    [`${folder}/back.sh`, [
      HEAD(`The way back from wave ${number}: the old rights first, then the new ones go.`),
      ...originals.length > 0 ? [`${APPLY} -f "$here/originals.yaml"`] : [],
      ...makes ? [`\${KUBECTL:-kubectl} delete --ignore-not-found -f ${manifest}`] : [],
      '',
    ].join('\n')],
  ]);
}
