/** The user and group of our containers: no user of the image, and above 10,000, so that it is none of the node either. */
const USER = 65532;

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The least that Kubernetes issues; the kubelet replaces the token in time. */
const TOKEN_SECONDS = 600;

/** The image that runs our scripts when no other is given: the public one of Node.js, by version tag. */
export const NODE_IMAGE = 'docker.io/library/node:24.18.0-alpine3.24';

/** What a run of a script needs. */
interface ScriptRun {
  /** Of the objects in the same namespace: ServiceAccount and ConfigMap. */
  readonly name: string;
  /** Name of the container. */
  readonly container: string;
  readonly image: string;
  readonly labels: { [key: string]: string };
  /** Where the ConfigMap is mounted. */
  readonly directory: string;
  /** Keys of the ConfigMap; the script gets the path of the configuration, and the directory of `token` and `ca.crt`. */
  readonly scriptFile: string;
  readonly configFile: string;
}

/**
 * The Job of one run of a Node.js script that talks to the API server, under Pod Security `restricted`: no retry, since
 * the next run is one, and gone after a day.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export function restrictedJobSpec(run: ScriptRun & { readonly deadlineSeconds: number }) {
  return {
    activeDeadlineSeconds: run.deadlineSeconds,
    backoffLimit: 0,
    ttlSecondsAfterFinished: 24 * 3600,
    template: { metadata: { labels: run.labels }, spec: podSpec(run) },
  };
}

/** The pod of such a run, which ends. */
export function podSpec({ name, container, image, directory, scriptFile, configFile }: ScriptRun) {
  return {
    automountServiceAccountToken: false,
    containers: [{
      name: container,
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['node'],
      args: [`${directory}/${scriptFile}`, `${directory}/${configFile}`, SERVICE_ACCOUNT_DIRECTORY],
      resources: {
        requests: { 'cpu': '50m', 'memory': '64Mi', 'ephemeral-storage': '16Mi' },
        limits: { 'cpu': '500m', 'memory': '256Mi', 'ephemeral-storage': '64Mi' },
      },
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsGroup: USER,
        runAsNonRoot: true,
        runAsUser: USER,
      },
      terminationMessagePolicy: 'FallbackToLogsOnError',
      volumeMounts: [
        { name: 'script', mountPath: directory, readOnly: true },
        { name: 'service-account', mountPath: SERVICE_ACCOUNT_DIRECTORY, readOnly: true },
      ],
    }],
    enableServiceLinks: false,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    restartPolicy: 'Never',
    securityContext: { runAsGroup: USER, runAsNonRoot: true, runAsUser: USER, seccompProfile: { type: 'RuntimeDefault' } },
    serviceAccountName: name,
    volumes: [
      { name: 'script', configMap: { name } },
      {
        // Instead of the token that is mounted by default, which is for an hour.
        name: 'service-account',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      },
    ],
  };
}
