import { posix } from 'path';
import { ControlPlanePlatform } from './control-plane-platform';
import { ServerFile, ServerFlag } from './server-file';
import { yamlFile } from '../private/yaml-text';

/** Where the logs of a provider are that lets nobody set the policy. */
export const PROVIDER_LOGS: { [platform: string]: string } = {
  [ControlPlanePlatform.EKS]: 'CloudWatch Logs (log type "audit" of the cluster, with Logs Insights)',
  [ControlPlanePlatform.AKS]: 'Azure Monitor (diagnostic category kube-audit)',
  [ControlPlanePlatform.GKE]: 'Cloud Logging (Cloud Audit Logs of k8s.io)',
};

/** What the adapters know about the control plane. */
interface PlatformContext {
  readonly files: ServerFile[];
  /** Minor version of Kubernetes 1, undefined for the newest. */
  readonly minor?: number;
  /** metadata.name of the KubeadmControlPlane. */
  readonly kubeadmControlPlaneName: string;
}

/** A name and a content for each file to write. */
type Output = [string, string][];

/** One line of comment above each file, before what the platform says. */
const HEADING = 'Made by cdk8s-secure-debug: files and flags of kube-apiserver.';
/** Where the files lie on nodes that kubeadm or kOps sets up. */
const DIRECTORY = '/etc/kubernetes/secure-debug';
const WIDTH = 120;
const LOG = '/var/log/kubernetes/audit/audit.log';
/** Where the log is on platforms that have a place of their own for it. */
const OWN_LOG: { [platform: string]: string | undefined } = {
  [ControlPlanePlatform.K3S]: '/var/lib/rancher/k3s/server/logs/audit.log',
  [ControlPlanePlatform.RKE2]: '/var/lib/rancher/rke2/server/logs/audit.log',
  [ControlPlanePlatform.TALOS]: '/var/log/audit/kube/kube-apiserver.log',
};
/** Cluster API's limit for a file that stands in the object; a longer one comes from a Secret. */
const CLUSTER_API_CONTENT = 10240;

/** Where a platform's API server writes its audit log when nothing else is said. */
export function auditLogOf(platform: ControlPlanePlatform): string {
  return OWN_LOG[platform] ?? LOG;
}

const names = (files: ServerFile[]) => files.map(file => file.name).join(', ');

const remarksOf = (files: ServerFile[]) => files.flatMap(file => file.remarks ?? []);

/** A step in lines of a readable width; those that follow stand below its text. */
function wrap(step: string): string[] {
  return step.split(' ').reduce<string[]>((done, word) => {
    const last = done[done.length - 1];
    return last !== undefined && last.length + word.length < WIDTH ? [...done.slice(0, -1), `${last} ${word}`] : [...done, done.length ? `   ${word}` : word];
  }, []);
}

function flagsOf(files: ServerFile[], directory: string, log: string): ServerFlag[] {
  return files.flatMap(file => file.flags(`${directory}/${file.name}`, file.logPath ?? log));
}

const asMap = (flags: ServerFlag[]) => Object.fromEntries(flags.map(({ name, value }) => [name, String(value)]));
const asList = (flags: ServerFlag[]) => flags.map(({ name, value }) => ({ name, value: String(value) }));

/** The API server runs in a pod: it sees of its node only what is mounted. */
function volumesOf(flags: ServerFlag[]) {
  const log = flags.find(({ name, value }) => name === 'audit-log-path' && value !== '-');
  const volume = (name: string, path: string, readOnly: boolean, pathType: string) => ({ name, hostPath: path, mountPath: path, readOnly, pathType });
  return [
    volume('secure-debug', DIRECTORY, true, 'Directory'),
    // The folder, not the file: rotation renames it.
    ...log ? [volume('audit-log', posix.dirname(String(log.value)), false, 'DirectoryOrCreate')] : [],
  ];
}

function kubeadm({ files, minor }: PlatformContext): Output {
  const flags = flagsOf(files, DIRECTORY, LOG);
  const structured = minor === undefined || minor >= 31;
  return [['kubeadm.yaml', yamlFile([
    HEADING,
    `1. Put ${names(files)} into ${DIRECTORY} on every control plane node.`,
    '2. Merge this into the ClusterConfiguration that kubeadm reads; on a running cluster also into the ConfigMap',
    '   kube-system/kubeadm-config, then run "kubeadm init phase control-plane apiserver --config FILE" on each node.',
    ...remarksOf(files),
    `https://kubernetes.io/docs/reference/config-api/kubeadm-config.${structured ? 'v1beta4' : 'v1beta3'}/`,
  ], {
    apiVersion: `kubeadm.k8s.io/${structured ? 'v1beta4' : 'v1beta3'}`,
    kind: 'ClusterConfiguration',
    apiServer: { extraArgs: structured ? asList(flags) : asMap(flags), extraVolumes: volumesOf(flags) },
  })]];
}

function clusterApi({ files, kubeadmControlPlaneName: name }: PlatformContext): Output {
  const flags = flagsOf(files, DIRECTORY, LOG);
  const secret = `${name}-secure-debug`;
  const large = files.filter(file => file.compact().length > CLUSTER_API_CONTENT);
  const patch = yamlFile([
    HEADING,
    `A merge patch (kubectl patch kubeadmcontrolplane ${name} --type merge --patch-file, or patches of kustomize).`,
    'The lists files, extraArgs and extraVolumes replace those of the same name: add your own entries here.',
    ...large.length ? [`${names(large)} is too long to stand here: apply cluster-api-secret.yaml to the same namespace first.`] : [],
    ...remarksOf(files),
    'https://pkg.go.dev/sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2',
  ], {
    apiVersion: 'controlplane.cluster.x-k8s.io/v1beta2',
    kind: 'KubeadmControlPlane',
    metadata: { name },
    spec: {
      kubeadmConfigSpec: {
        clusterConfiguration: { apiServer: { extraArgs: asList(flags), extraVolumes: volumesOf(flags) } },
        files: files.map(file => ({
          path: `${DIRECTORY}/${file.name}`,
          owner: 'root:root',
          permissions: '0600',
          ...large.includes(file) ? { contentFrom: { secret: { name: secret, key: file.name } } } : { content: file.compact() },
        })),
      },
    },
  });
  return large.length === 0 ? [['cluster-api.yaml', patch]] : [['cluster-api.yaml', patch], ['cluster-api-secret.yaml', yamlFile([
    HEADING,
    `For the management cluster, in the namespace of KubeadmControlPlane ${name}. It holds nothing secret: Cluster API`,
    'reads files from nowhere else.',
  ], {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret },
    type: 'Opaque',
    stringData: Object.fromEntries(large.map(file => [file.name, file.text()])),
  })]];
}

function kind({ files }: PlatformContext): Output {
  const flags = flagsOf(files, DIRECTORY, LOG);
  // Without apiVersion and with extraArgs as a map, kind takes the patch for every version of kubeadm.
  const patch = yamlFile([], { kind: 'ClusterConfiguration', apiServer: { extraArgs: asMap(flags), extraVolumes: volumesOf(flags) } });
  return [['kind.yaml', yamlFile([
    HEADING,
    'Run "kind create cluster --config kind.yaml" in this folder.',
    ...remarksOf(files),
    'https://kind.sigs.k8s.io/docs/user/auditing/',
  ], {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{
      role: 'control-plane',
      kubeadmConfigPatches: [patch],
      extraMounts: files.map(({ name }) => ({ hostPath: `./${name}`, containerPath: `${DIRECTORY}/${name}`, readOnly: true })),
    }],
  })]];
}

function k3s({ files }: PlatformContext): Output {
  const flags = flagsOf(files, '/etc/rancher/k3s', auditLogOf(ControlPlanePlatform.K3S));
  return [['k3s.yaml', yamlFile([
    HEADING,
    `1. Put ${names(files)} into /etc/rancher/k3s on every server.`,
    '2. Put this file into /etc/rancher/k3s/config.yaml.d and restart k3s.',
    'The plus sign appends to the list of other files; a file that is read later needs it too.',
    ...remarksOf(files),
    'https://docs.k3s.io/installation/configuration#multiple-config-files',
  ], { 'kube-apiserver-arg+': flags.map(({ name, value }) => `${name}=${value}`) })]];
}

function rke2({ files }: PlatformContext): Output {
  const flags = flagsOf(files, '/etc/rancher/rke2', auditLogOf(ControlPlanePlatform.RKE2));
  const parts = files.flatMap(file => file.rke2 ?? []);
  const own = (flag: ServerFlag) => parts.some(part => part.flag === flag.name);
  const missing = parts.map(part => part.missing).join('; ');
  return [['rke2.yaml', yamlFile([
    HEADING,
    ...wrap(`1. Put ${names(files)} into /etc/rancher/rke2 on every server${missing && `: ${missing}`}.`),
    '2. Put this file into /etc/rancher/rke2/config.yaml.d and restart rke2-server.',
    'The plus sign appends to the list of other files; a file that is read later needs it too.',
    ...remarksOf(files),
    'https://docs.rke2.io/reference/server_config',
  ], {
    ...Object.fromEntries(flags.filter(own).map(({ name, value }) => [name, value])),
    'kube-apiserver-arg+': flags.filter(flag => !own(flag)).map(({ name, value }) => `${name}=${value}`),
  })]];
}

function talos({ files }: PlatformContext): Output {
  const inServer = files.filter(file => file.talos.apiServer);
  // Talos writes the files itself, and mounts only its own folder of logs.
  const flags = inServer.flatMap(file => file.flags('', '').slice(1)).filter(({ name }) => name !== 'audit-log-path');
  const patch = (name: string, remarks: string[], content: object): [string, string] => [name, yamlFile([
    HEADING,
    `For control plane nodes: talosctl patch machineconfig --nodes NODE --patch @${name}`,
    ...remarks,
    'https://www.talos.dev/v1.12/talos-guides/configuration/patching/',
  ], content)];
  return [
    ...inServer.length ? [patch('talos.yaml', inServer.flatMap(file => file.talos.remarks), {
      cluster: { apiServer: { ...Object.assign({}, ...inServer.map(file => file.talos.apiServer)), extraArgs: asMap(flags) } },
    })] : [],
    ...files.filter(file => file.talos.document).map(({ name, talos: { document, remarks } }) => patch(`talos-${name}`, remarks, document!)),
  ];
}

function kops({ files }: PlatformContext): Output {
  const flags = flagsOf(files, DIRECTORY, LOG);
  return [['kops.yaml', yamlFile([
    HEADING,
    'Merge this into the Cluster (kops edit cluster), then "kops update cluster --yes" and "kops rolling-update cluster --yes".',
    ...remarksOf(files),
    'https://kops.sigs.k8s.io/cluster_spec/#audit-logging',
  ], {
    apiVersion: 'kops.k8s.io/v1alpha2',
    kind: 'Cluster',
    spec: {
      fileAssets: files.map(file => ({
        name: `secure-debug-${file.name.replace(/\..*$/, '')}`,
        path: `${DIRECTORY}/${file.name}`,
        roles: ['ControlPlane', 'APIServer'],
        content: file.text(),
      })),
      kubeAPIServer: Object.fromEntries(flags.map(({ kops: field, value }) => [field, value])),
    },
  })]];
}

const ADAPTERS: { [platform: string]: (context: PlatformContext) => Output } = {
  [ControlPlanePlatform.KUBEADM]: kubeadm,
  [ControlPlanePlatform.CLUSTER_API]: clusterApi,
  [ControlPlanePlatform.KIND]: kind,
  [ControlPlanePlatform.K3S]: k3s,
  [ControlPlanePlatform.RKE2]: rke2,
  [ControlPlanePlatform.TALOS]: talos,
  [ControlPlanePlatform.KOPS]: kops,
};

/** The files that a platform wants. */
export function renderPlatform(platform: ControlPlanePlatform, context: PlatformContext): Output {
  return ADAPTERS[platform](context);
}

/** Every file name that an adapter may write. */
export const PLATFORM_FILES = [...Object.keys(ADAPTERS).map(platform => `${platform}.yaml`), 'cluster-api-secret.yaml', 'talos-authentication-config.yaml'];
