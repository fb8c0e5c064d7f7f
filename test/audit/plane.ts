import { Chart, App } from 'cdk8s';
import { AuditPolicy, AuditPolicyProps, ControlPlane, ControlPlaneProps, DebugSubject, IDebugAccess, OnCallDebugAccess, ReadOnlyAccess } from '../../src';

/** An audit policy in a control plane of its own. */
export function auditPolicy(props?: AuditPolicyProps, plane?: ControlPlaneProps): AuditPolicy {
  return new AuditPolicy(new ControlPlane(plane), 'audit', props);
}

/** What a team declares: on-call engineers of payments, developers who read, an operator and a bot by exception. */
export function declaredAccess(): IDebugAccess[] {
  const chart = new Chart(new App(), 'payments');
  return [
    new OnCallDebugAccess(chart, 'oncall', { namespace: 'payments', group: 'oncall-payments' }),
    new ReadOnlyAccess(chart, 'read', {
      namespace: 'payments',
      groups: ['developers', 'oncall-payments'],
      subjects: [DebugSubject.userBecause('operator@example.com', 'has no group'), DebugSubject.serviceAccountBecause('ci', 'doctor', 'collects logs')],
    }),
  ];
}
