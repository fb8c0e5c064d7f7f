import { Construct } from 'constructs';
import { DebugImage } from './debug-image';
import { emitRights, namespacesAndGroups, RightHolders } from './rights';
import { CONTAINER_ROLE, VIRTUAL, virtualRule } from '../model/virtual-rights';
import { SecureDebugWarnings } from '../model/warnings';
import { byCodeUnit } from '../private/canonical';
import { allOrNothing } from '../private/declare';
import { reject } from '../private/errors';
import { dnsLabel, each } from '../private/validate';

/** The pods that a person may create, as names of `VIRTUAL.debugPod`. */
export const DEBUG_PODS = { copy: 'copy', node: 'node' } as const;

/** What groups may do through a `DebugContainerGuardrail`, and where. It comes on top of RBAC: both have to allow. */
export interface DebugContainerAllowance {
  /**
   * The namespace, by name.
   *
   * @default - `namespaces` says where
   */
  readonly namespace?: string;

  /**
   * Several namespaces.
   *
   * @default - `namespace` says where
   */
  readonly namespaces?: string[];

  /**
   * The group of the identity provider.
   *
   * @default - `groups` says who
   */
  readonly group?: string;

  /**
   * Several groups; each gets the same.
   *
   * @default - `group` says who
   */
  readonly groups?: string[];

  /**
   * Names of the debug images they may use.
   *
   * @default - none: no debug containers
   */
  readonly images?: string[];

  /**
   * Whether they may create copies of pods (`kubectl debug --copy-to`). No policy sees the pod that is copied, so any
   * image, command, ServiceAccount and Secret passes as one of its own.
   *
   * @default false
   */
  readonly copies?: boolean;

  /**
   * Whether they may debug nodes (`kubectl debug node/NAME`), with the images that are allowed to them: root on the node.
   *
   * @default false
   */
  readonly nodes?: boolean;

  /**
   * Whether `kube-…`, `openshift-…` and `default` may be named.
   *
   * @default false
   */
  readonly allowSystemNamespaces?: boolean;
}

/**
 * Says which groups may use which debug images in which namespaces, for clusters whose `DebugContainerGuardrail` is in
 * another app: the guardrail exists once for a cluster, what differs by team is this. It emits a Role and RoleBinding
 * `debug-container-<group>` in each namespace, on resources that exist in no API.
 */
export class DebugContainerAccess extends Construct {
  /** @throws on malformed names, system groups or namespaces, nodes without an image, and when nothing is allowed */
  public constructor(scope: Construct, id: string, props: DebugContainerAllowance) {
    super(scope, id);
    const where = 'DebugContainerAccess';
    allOrNothing(this, where, () => emitContainerRights(this, where, checkContainerAllowance(where, '', props)));
  }
}

/** An allowance whose names are checked, sorted. */
interface CheckedContainerAllowance extends RightHolders {
  readonly images: string[];
  readonly pods: string[];
}

/** @param field begin of the fields' names, such as `allow[0].` */
export function checkContainerAllowance(where: string, field: string, allowance: DebugContainerAllowance): CheckedContainerAllowance {
  const { images, copies = false, nodes = false } = allowance;
  const holders = namespacesAndGroups(where, field, allowance);
  if (images !== undefined) {
    if (Array.isArray(images) && images.some(image => (image as unknown) instanceof DebugImage)) {
      reject({ where, field: `${field}images`, value: images.map(String), problem: 'are the images themselves', fix: 'give their names, e.g. image.name' });
    }
    each(where, `${field}images`, images, 'debug image', (at, value) => dnsLabel(where, at, value, 'the name of a debug image such as "netshoot"'));
  }
  if (!images && !copies && !nodes) {
    reject({ where, field: `${field}images`, value: images, problem: 'is missing, and neither copies nor nodes are allowed: nobody would be allowed anything', fix: 'name a debug image' });
  }
  if (nodes && !images) {
    reject({ where, field: `${field}nodes`, value: nodes, problem: 'is given without images, and a pod on a node runs a debug image', fix: 'name the debug images too' });
  }
  return { ...holders, images: [...images ?? []].sort(byCodeUnit), pods: [...copies ? [DEBUG_PODS.copy] : [], ...nodes ? [DEBUG_PODS.node] : []] };
}

/** A Role for each group in each namespace, since the groups of one namespace may be declared in several apps. */
export function emitContainerRights(scope: Construct, where: string, allowance: CheckedContainerAllowance): void {
  const { images, pods, groups, namespaces } = allowance;
  emitRights(scope, where, CONTAINER_ROLE, allowance, [
    ...images.length ? [virtualRule(VIRTUAL.debugImage, images)] : [],
    ...pods.length ? [virtualRule(VIRTUAL.debugPod, pods)] : [],
  ]);
  const place = `in ${namespaces.join(', ')}, to ${groups.join(', ')}`;
  if (pods.includes(DEBUG_PODS.copy)) SecureDebugWarnings._add(scope, 'SD6020', place);
  if (pods.includes(DEBUG_PODS.node)) SecureDebugWarnings._add(scope, 'SD6021', `pods on nodes ${place}`);
}
