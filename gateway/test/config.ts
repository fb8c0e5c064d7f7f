import { Config } from '../src/config';

export const CONFIG: Config = {
  name: 'debug-gateway',
  namespace: 'debug-gateway',
  targets: [
    { namespace: 'payments', actions: ['debug', 'exec', 'forward', 'logs'], ports: [8080] },
    { namespace: 'ledger', actions: ['logs'], ports: [] },
  ],
  groups: ['oncall-ledger', 'oncall-payments'],
  maxCertificateSeconds: 3600,
  revokedSerials: ['7'],
  recordings: '/nowhere',
  pipeBytes: 100,
  masks: ['password=(?<secret>\\S+)', 'AKIA[A-Z0-9]{16}'],
  debugImages: ['docker.io/library/busybox:1.37.0', 'docker.io/library/alpine:3.22'],
  maxSessions: 20,
};
