import { readFileSync } from 'fs';
import type { AllowList } from './allow-list';

/** A namespace that can be reached through the gateway. */
export interface Target {
  readonly namespace: string;
  /** What may be asked for there: `exec`, `logs`, `debug`, `forward`. */
  readonly actions: string[];
  /** Ports that may be forwarded; neither admission nor the audit log sees them. */
  readonly ports: number[];
}

/** What the construct declared; a ConfigMap, read anew by each session. */
export interface Config {
  /** Of the gateway. */
  readonly name: string;
  readonly namespace: string;
  readonly targets: Target[];
  /** Groups that may be claimed by a certificate. */
  readonly groups: string[];
  /** The longest that a certificate may be for. */
  readonly maxCertificateSeconds: number;
  readonly revokedSerials: string[];
  /** Folder of the recordings. */
  readonly recordings: string;
  /** Bytes of a stream without a terminal that are kept; of the rest, count and SHA-256. */
  readonly pipeBytes: number;
  /** Regular expressions of what is not recorded. */
  readonly masks: string[];
  /** Images of debug containers; the first is the default. */
  readonly debugImages: string[];
  /** At the same time. */
  readonly maxSessions: number;
  /** The gateway has no right, and asks by what each person hands over. */
  readonly ownCredential?: {
    /** For how long that may be valid. */
    readonly maxSeconds: number;
  };
  /** What the broker's policy says about commands. */
  readonly allowList?: AllowList;
}

/** Reads the configuration. */
export function readConfig(file: string): Config {
  return JSON.parse(readFileSync(file, 'utf8'));
}
