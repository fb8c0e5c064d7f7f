import { NetworkReachability, NetworkTable, NetworkTableRow } from 'cdk8s-secure-debug';

/** What else a change does than to rights. */
export interface OtherChange {
  /** `network` or `audit`. */
  readonly about: string;
  /** Whether more is possible, or less is seen, than before. */
  readonly opens: boolean;
  readonly id: string;
  readonly text: string;
}

const NETWORK = 'networking.k8s.io/';

/** The objects, with those of lists. */
export function unpacked(objects: any[]): any[] {
  return objects.flatMap(object => object.kind === 'List' && Array.isArray(object.items)
    ? unpacked(object.items.filter((item: unknown) => item !== null && typeof item === 'object')) : [object]);
}

const policiesOf = (objects: any[]): any[] => unpacked(objects).filter(({ kind, apiVersion }) => kind === 'NetworkPolicy' && String(apiVersion).startsWith(NETWORK));

/** Policies of one state; those that name no namespace are taken to be applied to the one of whoever applies them. */
function tableOf(objects: any[]): NetworkTable {
  return NetworkReachability.fromManifests(policiesOf(objects).map(policy => ({ ...policy, metadata: { namespace: 'default', ...policy.metadata } }))).table();
}

const keyOf = ({ direction, from, to, ports }: NetworkTableRow): string => JSON.stringify([direction, from, to, ports]);
const textOf = ({ direction, from, to, ports }: NetworkTableRow): string => `${direction} from ${from} to ${to}, ${ports}`;

/** Whether the pods that a row is about were fenced in that direction. */
function wasFenced({ direction, from, to, policyNamespace }: NetworkTableRow, { denied }: NetworkTable): boolean {
  const pods = direction === 'ingress' ? to : from;
  return denied.includes(`${direction} of ${pods}`) || denied.includes(`${direction} of every pod in ${policyNamespace}`);
}

/**
 * What network policies let through, compared. An allow for pods that nothing fenced before opens nothing: it comes with the
 * fence that closes the rest.
 */
export function networkChanges(before: any[], after: any[], note: (text: string) => void): OtherChange[] {
  let then: NetworkTable;
  let now: NetworkTable;
  try {
    [then, now] = [tableOf(before), tableOf(after)];
  } catch (error) {
    note(`network policies are not compared: ${(error as Error).message}`);
    return [];
  }
  const change = (opens: boolean, text: string): OtherChange => ({ about: 'network', opens, id: opens ? 'network-opened' : 'network-closed', text });
  const [old, young] = [new Set(then.rows.map(keyOf)), new Set(now.rows.map(keyOf))];
  return [
    ...then.denied.filter(one => !now.denied.includes(one)).map(one => change(true, `Nothing fences any more: ${one}`)),
    ...now.rows.filter(row => !old.has(keyOf(row)) && wasFenced(row, then)).map(row => change(true, `Now allowed: ${textOf(row)}`)),
    ...now.denied.filter(one => !then.denied.includes(one)).map(one => change(false, `Now fenced: ${one}`)),
    ...then.rows.filter(row => !young.has(keyOf(row)) && wasFenced(row, now)).map(row => change(false, `No longer allowed: ${textOf(row)}`)),
  ];
}
