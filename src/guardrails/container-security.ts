import { anyOf, literal, literals } from '../model/cel';

/**
 * How much a debug container may be given, by level of the Pod Security Standards.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export enum PodSecurityLevel {
  /** Anything, privileged containers too: whoever starts one is root on the node. */
  PRIVILEGED = 'privileged',
  /** Nothing that is known to raise rights on the node; root in the container. */
  BASELINE = 'baseline',
  /** As hardened as an application should be: not root, no capabilities. Many images of tools need root, and to see processes of others does. */
  RESTRICTED = 'restricted',
}

const ADDED: { [level: string]: string[] | undefined } = {
  [PodSecurityLevel.PRIVILEGED]: undefined,
  [PodSecurityLevel.BASELINE]: [
    'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
  ],
  [PodSecurityLevel.RESTRICTED]: ['NET_BIND_SERVICE'],
};

/** The capabilities that may be added at a level; undefined when all may. */
export function addedCapabilities(level: PodSecurityLevel): string[] | undefined {
  return ADDED[level];
}

/** Capabilities by which a container reaches its node. */
export const STRONG_CAPABILITIES = ['BPF', 'DAC_READ_SEARCH', 'MAC_ADMIN', 'MAC_OVERRIDE', 'PERFMON', 'SYSLOG', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_TIME'];

/** Something a container or pod is not to have: CEL that is true when it has it, and CEL that gives what to say. */
export interface Excess {
  readonly when: string;
  readonly text: string;
}

const excess = (when: string, text: string): Excess => ({ when, text: literal(text) });

/** What a securityContext has that is beyond baseline; pods have one with the same fields. */
function contextBeyondBaseline(context: string): Excess[] {
  const of = (path: string, otherwise = '\'\'') => `${context}.?${path.replace(/\./g, '.?')}.orValue(${otherwise})`;
  return [
    excess(`${of('seccompProfile.type')} == 'Unconfined'`, 'seccompProfile Unconfined'),
    excess(`${of('appArmorProfile.type')} == 'Unconfined'`, 'appArmorProfile Unconfined'),
    excess(anyOf([
      `!(${of('seLinuxOptions.type')} in ['', 'container_engine_t', 'container_init_t', 'container_kvm_t', 'container_t'])`,
      `${of('seLinuxOptions.user')} != ''`,
      `${of('seLinuxOptions.role')} != ''`,
    ]), 'seLinuxOptions'),
    excess(of('windowsOptions.hostProcess', 'false'), 'windowsOptions.hostProcess'),
  ];
}

/**
 * What a container `c` has that is beyond a level. The capabilities it adds are another matter, since those depend on the image.
 *
 * @param pod the pod, whose securityContext holds where the container has none of its own
 */
export function containerBeyond(level: PodSecurityLevel, pod: string): Excess[] {
  if (level === PodSecurityLevel.PRIVILEGED) return [];
  const context = 'c.?securityContext';
  const baseline = [
    excess(`${context}.?privileged.orValue(false)`, 'privileged'),
    excess(`${context}.?procMount.orValue('Default') != 'Default'`, 'procMount'),
    ...contextBeyondBaseline(context),
    excess('c.?ports.orValue([]).exists(port, port.?hostPort.orValue(0) != 0)', 'hostPort'),
  ];
  if (level === PodSecurityLevel.BASELINE) return baseline;
  const inherited = (path: string, otherwise: string) => `${context}.?${path}.orValue(${pod}.spec.?securityContext.?${path}.orValue(${otherwise}))`;
  return [
    ...baseline,
    excess(`${context}.?allowPrivilegeEscalation.orValue(true)`, 'allowPrivilegeEscalation is not false'),
    excess(`!('ALL' in ${context}.?capabilities.?drop.orValue([]))`, 'capabilities do not drop ALL'),
    excess(`!${inherited('runAsNonRoot', 'false')}`, 'runAsNonRoot is not true'),
    excess(`${inherited('runAsUser', '1')} == 0`, 'runAsUser 0'),
    excess(`!(${inherited('seccompProfile.?type', '\'\'')} in ['Localhost', 'RuntimeDefault'])`, 'seccompProfile is not RuntimeDefault'),
  ];
}

const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range', 'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_wmem',
];

/** What a restricted pod may mount. */
const PLAIN_VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'];
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** What a pod has, beside its containers, that is beyond a level. Host namespaces and hostPath are another matter, since nodes are debugged with them. */
export function podBeyond(level: PodSecurityLevel, pod: string): Excess[] {
  if (level === PodSecurityLevel.PRIVILEGED) return [];
  const volumes = level === PodSecurityLevel.RESTRICTED
    ? [excess(`!${pod}.spec.?volumes.orValue([]).all(v, ${anyOf(PLAIN_VOLUMES.map(source => `has(v.${source})`))})`, 'volumes of other kinds')]
    : [];
  const annotations = `${pod}.metadata.?annotations.orValue({})`;
  return [
    ...contextBeyondBaseline(`${pod}.spec.?securityContext`),
    excess(`${annotations}.exists(key, key.startsWith(${literal(APPARMOR_ANNOTATION)}) && ${annotations}[key] == 'unconfined')`, 'an AppArmor annotation'),
    excess(`${pod}.spec.?securityContext.?sysctls.orValue([]).exists(sysctl, !(sysctl.name in ${literals(SAFE_SYSCTLS)}))`, 'sysctls'),
    ...volumes,
  ];
}
