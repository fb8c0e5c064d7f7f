import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { reject } from '../private/errors';

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** What is known of a workload when a door is added to it. */
interface Workload {
  readonly object: ApiObject;
  readonly name: string;
  readonly namespace: string;
  readonly podLabels: { [key: string]: string };
}

/** The ApiObject of a workload: itself, or the one that a construct of cdk8s-plus stands for. */
export function workloadOf(where: string, construct: IConstruct): Workload {
  const refuse = (field: string, value: unknown, problem: string, fix: string) => reject({ where, field, value, problem, fix });
  let object: ApiObject;
  try {
    object = ApiObject.isApiObject(construct) ? construct as ApiObject : ApiObject.of(construct);
  } catch {
    return refuse('workload', construct, 'is no workload', 'pass a Deployment, StatefulSet or DaemonSet, of cdk8s-plus or as an ApiObject');
  }
  if (!KINDS.includes(object.kind) || !object.apiVersion.startsWith('apps/')) {
    refuse('workload', `${object.apiVersion} ${object.kind}`, 'is no workload that keeps running', 'pass a Deployment, StatefulSet or DaemonSet');
  }
  const { metadata, spec } = object.toJson();
  if (!metadata?.namespace) refuse('workload', object.name, 'has no namespace, so nothing can stand beside it', 'give it one, or its chart: new Chart(app, "payments", { namespace: "payments" })');
  const podLabels = spec?.selector?.matchLabels;
  if (!podLabels || Object.keys(podLabels).length === 0 || spec.selector.matchExpressions?.length) {
    refuse('workload', object.name, 'does not select its pods by labels alone', 'give it spec.selector.matchLabels');
  }
  if (!spec.template?.spec?.containers?.length) refuse('workload', object.name, 'has no container yet', 'add the container first');
  return { object, name: object.name, namespace: metadata.namespace, podLabels };
}

/** Looks at the pod as far as it is known: it has the port, on loopback alone, and room for a door. */
export function checkPod(where: string, { object, name }: Workload, port: number, taken: number[]): void {
  const refuse = (field: string, value: unknown, problem: string, fix: string) => reject({ where, field, value, problem, fix });
  const pod = object.toJson().spec.template.spec;
  const containers: any[] = [...pod.containers, ...pod.initContainers ?? []];
  if (containers.some(container => container.name === 'diagnostics-relay')) refuse('workload', name, 'has a door already', 'declare one DiagnosticsEndpoint with all its presets');
  if (pod.hostNetwork) refuse('workload', name, 'uses the network of the node, where every such pod reaches its loopback port', 'leave out hostNetwork');
  const ports: any[] = containers.flatMap(container => container.ports ?? []);
  const has = ports.filter(entry => entry.containerPort === port);
  if (has.length === 0) {
    const declared = ports.map(entry => entry.containerPort).join(', ') || 'none';
    refuse('port', port, `is not a port of ${name} (its containers declare ${declared})`, 'declare the diagnostics port in the container, or name the one it has');
  }
  if (has.some(entry => entry.hostPort)) refuse('port', port, 'is a port of the node too (hostPort), so it is open to the network', 'leave out hostPort');
  for (const container of containers) {
    for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
      const probed = container[kind]?.httpGet ?? container[kind]?.tcpSocket;
      const names = has.map(entry => entry.name).filter(Boolean);
      if (probed && (probed.port === port || names.includes(probed.port))) {
        refuse('port', port, `is probed by the kubelet (${kind}), which comes from outside of the pod, so it would have to be public`, 'probe a port that serves customers, or by exec');
      }
    }
  }
  const clash = ports.find(entry => taken.includes(entry.containerPort));
  if (clash) refuse('workload', name, `uses port ${clash.containerPort}, which the door needs`, `leave ports ${taken.join(', ')} free`);
}

/** What is added to a pod. */
interface Addition {
  readonly containers: object[];
  readonly volumes: object[];
  readonly labels: { [key: string]: string };
  readonly annotations: { [key: string]: string };
}

/**
 * Adds to the pods of a workload when it is rendered, so that whatever the app adds to it before or after stays: a JSON patch
 * would need to know now whether there will be volumes.
 */
export function addToPod({ object }: Workload, { containers, volumes, labels, annotations }: Addition): void {
  const render = object.toJson.bind(object);
  object.toJson = () => {
    const json = render();
    const { template } = json.spec;
    const { metadata = {}, spec } = template;
    json.spec.template = {
      ...template,
      metadata: { ...metadata, labels: { ...metadata.labels, ...labels }, annotations: { ...metadata.annotations, ...annotations } },
      spec: { ...spec, containers: [...spec.containers, ...containers], volumes: [...spec.volumes ?? [], ...volumes] },
    };
    return json;
  };
}
