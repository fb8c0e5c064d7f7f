/** Port of sshd: above 1023, since it runs without any right. */
export const PORT = 2222;
/** The one user of the image; who somebody is stands in the certificate. */
export const LOGIN = 'debug';
/** Where the ConfigMap is. */
export const CONFIG_DIRECTORY = '/etc/secure-debug';
export const HOST_KEY_DIRECTORY = '/etc/secure-debug-host';
/** What the image has for it. */
const SESSION_PROGRAM = '/opt/secure-debug/session';

const HARDWARE = ['sk-ssh-ed25519-cert-v01@openssh.com', 'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com'];
const SOFTWARE = ['ssh-ed25519-cert-v01@openssh.com', 'ecdsa-sha2-nistp256-cert-v01@openssh.com'];

interface SshdOptions {
  readonly hardwareKeys: boolean;
  readonly maxSessions: number;
}

/**
 * The configuration of sshd: certificates alone, one program whatever is asked for, and no way to any address.
 *
 * @see https://man.openbsd.org/sshd_config
 */
export function sshdConfig({ hardwareKeys, maxSessions }: SshdOptions): string {
  return [
    '# Who may log in: holders of a certificate of the authority, with the gateway\'s principal. Nothing else.',
    `Port ${PORT}`,
    `AllowUsers ${LOGIN}`,
    'AuthenticationMethods publickey',
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'HostbasedAuthentication no',
    'PermitEmptyPasswords no',
    'AuthorizedKeysFile none',
    `TrustedUserCAKeys ${CONFIG_DIRECTORY}/user_authorities`,
    `AuthorizedPrincipalsFile ${CONFIG_DIRECTORY}/principals`,
    `RevokedKeys ${CONFIG_DIRECTORY}/revoked_keys`,
    `PubkeyAcceptedAlgorithms ${[...HARDWARE, ...hardwareKeys ? [] : SOFTWARE].join(',')}`,
    ...hardwareKeys ? ['PubkeyAuthOptions verify-required'] : [],
    'CASignatureAlgorithms ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com',
    'UsePAM no',
    '# The files come from read-only volumes, whose folders Kubernetes makes writable in name.',
    'StrictModes no',
    'LoginGraceTime 20',
    'MaxAuthTries 3',
    // Of an incident everybody comes at once; what is beyond that is dropped at random.
    `MaxStartups ${Math.max(50, 2 * maxSessions)}:30:${Math.max(100, 4 * maxSessions)}`,
    `MaxSessions ${maxSessions}`,
    '',
    '# What a session is: the session program, which learns from sshd alone who logged in.',
    `ForceCommand ${SESSION_PROGRAM}`,
    'ExposeAuthInfo yes',
    'PermitTTY yes',
    'PermitUserRC no',
    'PermitUserEnvironment no',
    'DisableForwarding yes',
    'AllowAgentForwarding no',
    'AllowTcpForwarding no',
    'AllowStreamLocalForwarding no',
    'GatewayPorts no',
    'X11Forwarding no',
    'PermitTunnel no',
    'PermitListen none',
    'PermitOpen none',
    'Compression no',
    'PrintMotd no',
    'PrintLastLog no',
    'ClientAliveInterval 15',
    'ClientAliveCountMax 4',
    '',
    '# How it shows that it is the gateway: by a certificate, so that nobody trusts a key they see for the first time.',
    `HostKey ${HOST_KEY_DIRECTORY}/ssh_host_ed25519_key`,
    `HostCertificate ${HOST_KEY_DIRECTORY}/ssh_host_ed25519_key-cert.pub`,
    'HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com',
    'KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org',
    // Hardware does both. With ChaCha20-Poly1305 an old client can be cut off from the begin of what it gets (CVE-2023-48795).
    'Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com',
    'MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com',
    'RekeyLimit 1G 1h',
    '',
    'LogLevel VERBOSE',
    'PidFile none',
    '',
  ].join('\n');
}
