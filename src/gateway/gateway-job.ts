import { CONFIG_DIRECTORY, HOST_KEY_DIRECTORY, PORT } from './sshd-config';

/** The user and group of the image. */
const USER = 65532;
export const RECORDINGS_DIRECTORY = '/recordings';
const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 600;
const MIB_OF_SSHD = 64;
const MIB_OF_SESSION = 96;

interface GatewayJob {
  readonly name: string;
  readonly image: string;
  readonly labels: { [key: string]: string };
  readonly deadlineSeconds: number;
  readonly claimName: string;
  readonly hostKeySecret: string;
  readonly maxSessions: number;
  /** Given when people hand over their credentials: then it has no token. */
  readonly maxCredentialSeconds?: number;
}

/** Fields of the Job's spec, all of which are written here so that the policy can compare each, and those that Kubernetes adds. */
export const JOB_FIELDS = ['activeDeadlineSeconds', 'backoffLimit', 'completionMode', 'completions', 'parallelism', 'podReplacementPolicy', 'suspend', 'ttlSecondsAfterFinished'];

/** The Job of a gateway: one pod, once, until its deadline. */
export function gatewayJobSpec(job: GatewayJob) {
  return {
    activeDeadlineSeconds: job.deadlineSeconds,
    backoffLimit: 0,
    completionMode: 'NonIndexed',
    completions: 1,
    parallelism: 1,
    podReplacementPolicy: 'TerminatingOrFailed',
    suspend: false,
    ttlSecondsAfterFinished: 300,
    template: { metadata: { labels: job.labels }, spec: podSpec(job) },
  };
}

/** Under Pod Security `restricted`: sshd runs as the one user that it lets in, on a high port, and needs no right for that. */
function podSpec({ name, image, deadlineSeconds, claimName, hostKeySecret, maxSessions, maxCredentialSeconds }: GatewayJob) {
  return {
    activeDeadlineSeconds: deadlineSeconds,
    automountServiceAccountToken: false,
    containers: [{
      name: 'sshd',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['/opt/secure-debug/gateway'],
      ports: [{ name: 'ssh', containerPort: PORT, protocol: 'TCP' }],
      resources: {
        requests: { 'cpu': '100m', 'memory': '128Mi', 'ephemeral-storage': '32Mi' },
        limits: { 'cpu': '2', 'memory': `${MIB_OF_SSHD + MIB_OF_SESSION * maxSessions}Mi`, 'ephemeral-storage': '128Mi' },
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
      // Only until it answers: each probe is a connection, and a line in the log of sshd.
      startupProbe: { tcpSocket: { port: PORT }, periodSeconds: 1, failureThreshold: 60 },
      terminationMessagePolicy: 'FallbackToLogsOnError',
      volumeMounts: [
        { name: 'config', mountPath: CONFIG_DIRECTORY, readOnly: true },
        { name: 'host-key', mountPath: HOST_KEY_DIRECTORY, readOnly: true },
        { name: 'recordings', mountPath: RECORDINGS_DIRECTORY },
        { name: 'service-account', mountPath: SERVICE_ACCOUNT_DIRECTORY, readOnly: true },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    }],
    enableServiceLinks: false,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    restartPolicy: 'Never',
    securityContext: { fsGroup: USER, fsGroupChangePolicy: 'OnRootMismatch', runAsGroup: USER, runAsNonRoot: true, runAsUser: USER, seccompProfile: { type: 'RuntimeDefault' } },
    serviceAccountName: name,
    terminationGracePeriodSeconds: 5,
    volumes: [
      { name: 'config', configMap: { name } },
      // Octal 440: the group reads it, and sshd takes the key for as private as it is, since it belongs to root.
      { name: 'host-key', secret: { secretName: hostKeySecret, defaultMode: 0o440 } },
      { name: 'recordings', persistentVolumeClaim: { claimName } },
      {
        name: 'service-account',
        projected: {
          sources: [
            ...maxCredentialSeconds === undefined ? [{ serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } }] : [],
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      },
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    ],
  };
}
