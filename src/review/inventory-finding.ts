import { Danger } from '../model/capability';

/** What somebody is, told by the name, the labels and where the rights come from. */
export enum InventoryUse {
  /** A user by name. */
  PERSON = 'person',
  /** A group of the identity provider. */
  GROUP = 'group',
  /** A group that Kubernetes puts everybody into, or everybody of a kind. */
  EVERYBODY = 'everybody',
  /** Builds and deploys. */
  CI = 'CI',
  /** Applies what is in Git: Argo CD, Flux. */
  GITOPS = 'GitOps',
  /** Manages objects of its own kinds. */
  OPERATOR = 'operator',
  /** Came with a chart of somebody else. */
  VENDOR_CHART = 'vendor chart',
  /** A part of Kubernetes. */
  CONTROL_PLANE = 'control plane',
  /** A ServiceAccount that does not exist. */
  ORPHAN = 'orphan',
  /** Any other ServiceAccount. */
  APPLICATION = 'application',
}

/** A right, as `kubectl auth can-i --as` can be asked about it. */
export interface InventoryRight {
  /** E.g. `create`. */
  readonly verb: string;
  /** `''` for the core group. */
  readonly apiGroup: string;
  /** With its subresource as `pods/exec`. */
  readonly resource: string;
  /**
   * Where.
   *
   * @default - the whole cluster
   */
  readonly namespace?: string;
  /** The objects it is limited to; empty for every one. */
  readonly names: string[];
}

/** One step of a way to more rights. */
export interface InventoryStep {
  /** Who takes it, e.g. `ServiceAccount payments/ci`. */
  readonly who: string;
  /**
   * In which namespace.
   *
   * @default - the whole cluster
   */
  readonly where?: string;
  /** What is done, e.g. `creates a pod that runs as`. */
  readonly does: string;
  /** Whom or what it leads to, e.g. `ServiceAccount kube-system/admin`, `everything`. */
  readonly reaches: string;
  /**
   * The rule that is about the right used, e.g. `SD5007`.
   *
   * @default - it uses none: whoever is in a group has what the group has
   */
  readonly rule?: string;
  /** The bindings and roles that give it. */
  readonly through: string[];
}

/** A power that somebody holds or can reach. */
export interface InventoryFinding {
  /** The rule, e.g. `SD5003`. */
  readonly id: string;
  /** Its title. */
  readonly title: string;
  /** How much harm it can do. */
  readonly danger: Danger;
  /** Who, e.g. `Group oncall-payments`. */
  readonly who: string;
  /** Where: a namespace, or `whole cluster`. */
  readonly where: string;
  /** What, in words: `read Secrets: get, list secrets`. */
  readonly what: string;
  /** All of it as a sentence. */
  readonly text: string;
  /** The rights it begins with, each of which the cluster can be asked about. */
  readonly rights: InventoryRight[];
  /** The way, step by step; empty for what is held at once. */
  readonly steps: InventoryStep[];
  /** The bindings and roles that it comes from. */
  readonly through: string[];
}

/** Somebody that bindings name, with what is dangerous about them. */
export interface InventorySubject {
  /** `Group`, `User` or `ServiceAccount`. */
  readonly kind: string;
  /** Its name; a ServiceAccount's as `namespace/name`. */
  readonly name: string;
  /** What it is. */
  readonly use: InventoryUse;
  /** By what that is told, e.g. `its binding has the label helm.sh/chart`. */
  readonly usedBecause: string;
  /** Whether it is a part of Kubernetes that holds what Kubernetes itself gives it, and nothing else: it fails no check. */
  readonly builtIn: boolean;
  /** The worst of the findings. */
  readonly danger: Danger;
  /** The worst first. */
  readonly findings: InventoryFinding[];
}

/** What an audit log says about somebody. */
export interface InventoryEvidence {
  /** E.g. `ServiceAccount payments/ci`. */
  readonly who: string;
  /** How many requests were allowed. */
  readonly requests: number;
  /**
   * When the last one was, RFC 3339.
   *
   * @default - there is none in the log
   */
  readonly lastUsed?: string;
  /** What was asked for, the most frequent first: `get secrets in payments ×12`. */
  readonly rights: string[];
  /** From where, the most frequent first: `10.0.0.7 by kubectl/v1.37.1`. */
  readonly sources: string[];
  /** The bindings that RBAC named. */
  readonly bindings: string[];
}
