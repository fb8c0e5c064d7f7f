import { IConstruct } from 'constructs';

/** One flag of kube-apiserver. */
export interface ServerFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly value: string | number;
  /** The field of kOps' kubeAPIServer. */
  readonly kops: string;
}

/** A file that kube-apiserver reads from its disk, and what goes with it. */
export interface ServerFile {
  /** File name, e.g. `audit-policy.yaml`. */
  readonly name: string;
  /** The content, with its comments. */
  readonly text: () => string;
  /** The same without comments, for where space is scarce. */
  readonly compact: () => string;
  /** The flags: first the one that takes the file's path. */
  readonly flags: (path: string, logPath: string) => ServerFlag[];
  /** The log it asks for, `-` for standard output; undefined for the platform's usual place. */
  readonly logPath?: string;
  /** What it is in Talos. */
  readonly talos: TalosPart;
  /** What it is in RKE2 besides an argument. */
  readonly rke2?: Rke2Part;
  /** What a reader of any platform's file has to know, one line each. */
  readonly remarks?: string[];
}

/** In the machine configuration, or as a document of its own. */
export interface TalosPart {
  /** Below cluster.apiServer, without the flags, which go to extraArgs. */
  readonly apiServer?: object;
  /** A document of its own, which takes no flags. */
  readonly document?: object;
  /** What is said above it. */
  readonly remarks: string[];
}

/** A flag that RKE2 has itself. */
export interface Rke2Part {
  readonly flag: string;
  /** What happens without the file. */
  readonly missing: string;
}

const FILES = new WeakMap<IConstruct, ServerFile[]>();

/** The files declared for a control plane, by name. */
export function serverFiles(controlPlane: IConstruct): ServerFile[] {
  return FILES.get(controlPlane) ?? [];
}

export function addServerFile(controlPlane: IConstruct, file: ServerFile): void {
  FILES.set(controlPlane, [...serverFiles(controlPlane), file]);
}
