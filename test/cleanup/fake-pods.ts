/** The script that runs in the cluster, and pods in words. */

export const SCRIPT_FILE = `${__dirname}/../../assets/cleanup/debug-container-cleanup.js`;

/** Plain JavaScript, loaded so that jest measures its coverage. */
export const script = jest.requireActual<any>(SCRIPT_FILE);

export const NOW = Date.parse('2026-03-01T12:00:00Z');
const MINUTE = 60_000;

/** The time so many minutes ago, as Kubernetes writes it. */
export const ago = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString().replace('.000Z', 'Z');

/** An hour's limit, a quarter of an hour's grace, nothing opted in. */
export const CONFIG = {
  namespaces: ['payments'],
  maxAgeSeconds: 3600,
  graceAfterEndSeconds: 900,
  copySelector: {} as { [key: string]: string },
  includeDaemonSets: false,
  includeBarePods: false,
  dryRun: false,
};

export type Pod = any;

/** What is changed in a pod: each takes it and changes it. */
export type Trait = (pod: Pod) => void;

/** A running pod of a ReplicaSet with these traits. */
export function pod(name: string, ...traits: Trait[]): Pod {
  const made: Pod = {
    metadata: {
      name,
      namespace: 'payments',
      uid: `uid-of-${name}`,
      resourceVersion: '7',
      creationTimestamp: ago(10_000),
      labels: {},
      annotations: {},
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'ledger-5d4f', uid: `uid-of-replicaset-of-${name}`, controller: true }],
      managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', time: ago(10_000) }],
    },
    spec: { containers: [{ name: 'app' }], ephemeralContainers: [] },
    status: { phase: 'Running', containerStatuses: [{ name: 'app', state: { running: { startedAt: ago(10_000) } } }], ephemeralContainerStatuses: [] },
  };
  traits.forEach(trait => trait(made));
  return made;
}

/** An ephemeral container in this state; none when the kubelet has not said anything yet. */
export const debugged = (state?: object, name = 'debugger-1'): Trait => ({ spec, status }) => {
  spec.ephemeralContainers.push({ name, image: 'busybox:1.37.0' });
  if (state) status.ephemeralContainerStatuses.push({ name, state });
};
export const runningFor = (minutes: number, name?: string) => debugged({ running: { startedAt: ago(minutes) } }, name);
export const endedAgo = (minutes: number, name?: string) =>
  debugged({ terminated: { exitCode: 0, startedAt: ago(minutes + 5), finishedAt: ago(minutes) } }, name);
export const badImage = (name?: string) => debugged({ waiting: { reason: 'ImagePullBackOff' } }, name);
/** The API server's note of when an ephemeral container was added. */
export const addedAgo = (minutes: number): Trait => ({ metadata }) =>
  metadata.managedFields.push({ manager: 'kubectl', operation: 'Update', subresource: 'ephemeralcontainers', time: ago(minutes) });
export const ownedBy = (kind: string, controller = true): Trait => ({ metadata }) => { metadata.ownerReferences = [{ kind, name: 'owner', uid: 'uid-of-owner', controller }]; };
export const ownedByNobody: Trait = ({ metadata }) => { delete metadata.ownerReferences; };
export const annotated = (annotations: { [key: string]: string }): Trait => ({ metadata }) => Object.assign(metadata.annotations, annotations);
export const labelled = (labels: { [key: string]: string }): Trait => ({ metadata }) => Object.assign(metadata.labels, labels);
export const exempted = (until?: string, reason?: string): Trait => annotated({
  ...until !== undefined && { 'secure-debug.internal/cleanup-exempt-until': until },
  ...reason !== undefined && { 'secure-debug.internal/cleanup-exempt-reason': reason },
});
export const createdAgo = (minutes: number): Trait => ({ metadata }) => { metadata.creationTimestamp = ago(minutes); };
/** The whole pod has ended, its container so long ago. */
export const podEnded = (phase: string, minutes?: number): Trait => ({ status }) => {
  status.phase = phase;
  status.containerStatuses = minutes === undefined ? [] : [{ name: 'app', state: { terminated: { finishedAt: ago(minutes) } } }];
};
export const terminating: Trait = ({ metadata }) => { metadata.deletionTimestamp = ago(1); };
