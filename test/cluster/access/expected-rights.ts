const READ = ['get', 'list', 'watch'];

/** `verb resource.group`, as kubectl auth can-i takes it. */
function rights(verbs: string[], ...resources: string[]): string[] {
  return resources.flatMap(resource => verbs.map(verb => `${verb} ${resource}`));
}

const DEBUG_SESSION = [...rights(READ, 'pods'), ...rights(['get', 'create'], 'pods/attach'), ...rights(['get'], 'pods/log')];

/**
 * All that a capability may grant, written down from the documentation of Kubernetes and kubectl rather than taken
 * from the model: what the API server says of a person is compared with it, so a right too many is found as well.
 */
export const RIGHTS: Record<string, string[]> = {
  'read-workloads': [
    ...rights(READ, 'endpoints', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'services'),
    ...rights(READ, 'controllerrevisions.apps', 'daemonsets.apps', 'deployments.apps', 'replicasets.apps', 'statefulsets.apps'),
    ...rights(READ, 'horizontalpodautoscalers.autoscaling', 'cronjobs.batch', 'jobs.batch', 'endpointslices.discovery.k8s.io'),
    ...rights(READ, 'ingresses.networking.k8s.io', 'networkpolicies.networking.k8s.io', 'poddisruptionbudgets.policy'),
  ],
  'read-events': rights(READ, 'events', 'events.events.k8s.io'),
  'read-logs': rights(['get'], 'pods', 'pods/log'),
  'read-config': rights(READ, 'configmaps'),
  'read-metrics': rights(['get', 'list'], 'pods.metrics.k8s.io'),
  'exec': [...rights(['get'], 'pods'), ...rights(['get', 'create'], 'pods/exec')],
  'attach': [...rights(['get'], 'pods'), ...rights(['get', 'create'], 'pods/attach')],
  'port-forward': [...rights(['get'], 'pods'), ...rights(['get', 'create'], 'pods/portforward')],
  'ephemeral-containers': [...rights(['patch'], 'pods/ephemeralcontainers'), ...DEBUG_SESSION],
  'pod-copy': [...rights(['create'], 'pods'), ...DEBUG_SESSION],
  'node-debug': [...rights(['create'], 'pods'), ...DEBUG_SESSION],
  'read-nodes': rights(READ, 'nodes'),
  'read-namespaces': rights(READ, 'namespaces'),
  'read-node-metrics': rights(['get', 'list'], 'nodes', 'nodes.metrics.k8s.io'),
};
