import { NODE_IMAGE } from '../private/restricted-job';

/** No user of the image or of the node. */
const USER = 65532;
const NO_TOKEN = 'diagnostics-no-token';
const SCRIPT = '/opt/diagnostics';

/** A container under Pod Security `restricted`, whatever the pod around it says of itself. */
export function restricted(container: { [field: string]: unknown; readonly volumeMounts?: object[] }, memory: string) {
  return {
    ...container,
    imagePullPolicy: 'IfNotPresent',
    resources: {
      requests: { 'cpu': '10m', 'memory': '48Mi', 'ephemeral-storage': '16Mi' },
      limits: { 'cpu': '500m', memory, 'ephemeral-storage': '64Mi' },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: USER,
      runAsNonRoot: true,
      runAsUser: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    // The application may have a token of the Kubernetes API. Where something is mounted, Kubernetes mounts none.
    volumeMounts: [...container.volumeMounts ?? [], { name: NO_TOKEN, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
  };
}

/** The volume that stands where a token would be. */
export const noTokenVolume = { name: NO_TOKEN, emptyDir: { sizeLimit: '1Mi' } };

/** One of our programs in a pod. */
interface ProgramContainer {
  readonly name: string;
  readonly image?: string;
  /** File in assets/diagnostics. */
  readonly program: string;
  /** With the program and its configuration. */
  readonly volume: string;
  /** With the token of the page. */
  readonly token?: string;
  readonly ports?: object[];
  readonly probes?: object;
}

/** A container that runs one of the programs of assets/diagnostics, from a ConfigMap. */
export function programContainer({ name, image = NODE_IMAGE, program, volume, probes, token, ports }: ProgramContainer) {
  return restricted({
    name,
    image,
    command: ['node'],
    args: ['--max-old-space-size=96', `${SCRIPT}/${program}`, `${SCRIPT}/config.json`],
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    ...ports && { ports },
    ...probes,
    volumeMounts: [
      { name: volume, mountPath: SCRIPT, readOnly: true },
      ...token ? [{ name: token, mountPath: '/etc/diagnostics-token', readOnly: true }] : [],
    ],
  }, '192Mi');
}

/** A probe of a path, patient enough for a busy node. */
export const probe = (path: string, port: number) => ({ httpGet: { path, port }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 });
