import { App, Chart, Duration } from 'cdk8s';
import {
  AuditPolicy, ClusterReadAccess, ControlPlane, ControlPlanePlatform, DebugContainerCleanup, DebugSubject, DefaultDenyNetwork, DnsProvider,
  JustInTimeAccess, NetworkAllow, OnCallDebugAccess, ReadOnlyAccess, SecureDebugWarnings,
} from '../../src';

/** It stands for any namespace in the names that contain one. */
export const NAMESPACE = 'example';
const group = 'example-group';

/** The objects that one chart would apply. */
function applied(build: (chart: Chart) => unknown): any[] {
  const chart = new Chart(new App(), 'chart');
  SecureDebugWarnings.rules().forEach(({ id }) => SecureDebugWarnings.acknowledge(chart, id, 'an example'));
  build(chart);
  return chart.toJson();
}

/** The files of the API server, as if they were objects. */
function files(build: (controlPlane: ControlPlane) => unknown): any[] {
  const platforms = Object.values(ControlPlanePlatform).filter(platform => !/^(eks|aks|gke)$/.test(platform));
  const controlPlane = new ControlPlane({ platforms });
  build(controlPlane);
  return controlPlane.synthFiles().map(({ name }) => ({ kind: 'ControlPlaneFile', metadata: { name } }));
}

/**
 * Each construct of the library with its default names and everything optional that adds a name, and what it emits.
 * A new construct is one new line here; a test holds the keys equal to the constructs that the library exports.
 */
export const KITCHEN_SINK: { [construct: string]: () => any[] } = {
  OnCallDebugAccess: () => applied(chart => new OnCallDebugAccess(chart, 'x', { namespace: NAMESPACE, group, subjects: [DebugSubject.userBecause('alice', 'an example')] })),
  ReadOnlyAccess: () => applied(chart => new ReadOnlyAccess(chart, 'x', { namespace: NAMESPACE, group })),
  JustInTimeAccess: () => applied(chart => new JustInTimeAccess(chart, 'x', { namespace: NAMESPACE })),
  ClusterReadAccess: () => applied(chart => new ClusterReadAccess(chart, 'x', { group })),
  DefaultDenyNetwork: () => applied(chart => new DefaultDenyNetwork(chart, 'x', { namespace: NAMESPACE, allow: Object.values(DnsProvider).map(provider => NetworkAllow.dns({ provider })) })),
  DebugContainerCleanup: () => applied(chart => new DebugContainerCleanup(chart, 'x', { namespaces: [NAMESPACE], maxAge: Duration.hours(1) })),
  AuditPolicy: () => files(controlPlane => new AuditPolicy(controlPlane, 'x')),
};
