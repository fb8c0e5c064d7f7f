import { Construct } from 'constructs';
import { ClusterBoundary } from './cluster-boundary';
import { COMPONENT, MANAGED_BY, REASON } from './constants';
import { byCodeUnit } from '../private/canonical';
import { declareObject, Manifest } from '../private/declare';
import { cidr, each, port } from '../private/validate';

/** What belongs to a script of ours that runs in a Job, besides the Job. */
interface ScriptJob {
  /** Which script, e.g. `debug-container-cleanup`. */
  readonly app: string;
  /** Of the ServiceAccount, ConfigMap and NetworkPolicy. */
  readonly name: string;
  readonly namespace: string;
  readonly createNamespace: boolean;
  /** Content of the ConfigMap: the script and its configuration. */
  readonly data: { [file: string]: string };
  readonly egress: object[];
}

/** Labels by which the NetworkPolicy finds the pods. */
const identityOf = ({ app, name }: { readonly app: string; readonly name: string }) => ({ 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': name });

/** Labels of everything that belongs to the script. */
export function scriptLabels(of: { readonly app: string; readonly name: string }) {
  return { ...identityOf(of), 'app.kubernetes.io/managed-by': MANAGED_BY, [COMPONENT]: of.app };
}

/** Emits the namespace, if wanted, a ServiceAccount, a ConfigMap, and a NetworkPolicy that lets the script reach the API server alone. */
export function emitScriptParts(scope: Construct, where: string, job: ScriptJob): void {
  const { name, namespace, data, egress } = job;
  const metadata = { name, namespace, labels: scriptLabels(job) };
  const boundary = ClusterBoundary.of(scope);
  const declare = (childId: string, manifest: Manifest) => declareObject(scope, childId, where, boundary, manifest);

  if (job.createNamespace) declare('namespace', restrictedNamespace(namespace));
  declare('service-account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false });
  declare('config', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  declare('network-policy', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { ...metadata, annotations: { [REASON]: 'The job calls the Kubernetes API by its IP address, and nothing else; nobody calls the job.' } },
    spec: { podSelector: { matchLabels: identityOf(job) }, policyTypes: ['Ingress', 'Egress'], egress },
  });
}

/** Egress to the API server: its ports, in the blocks if they are known. */
export function apiServerEgress(where: string, cidrs: string[] | undefined, ports: number[]) {
  each(where, 'apiServerPorts', Array.isArray(ports) ? ports.map(String) : ports, 'port', (_field, value) => value);
  ports.forEach((value, i) => port(where, `apiServerPorts[${i}]`, value));
  if (cidrs !== undefined) each(where, 'apiServerCidrs', cidrs, 'CIDR block', (field, value) => cidr(where, field, value));
  return [{
    ports: [...ports].sort((a, b) => a - b).map(number => ({ port: number, protocol: 'TCP' })),
    ...cidrs && { to: [...cidrs].sort(byCodeUnit).map(block => ({ ipBlock: { cidr: block } })) },
  }];
}

/** The same for whatever of this library runs there. */
export function restrictedNamespace(name: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        'app.kubernetes.io/managed-by': MANAGED_BY,
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
    },
  };
}
