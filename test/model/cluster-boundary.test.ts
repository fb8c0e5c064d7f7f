import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { ClusterBoundary } from '../../src/model';
import { refusal } from '../private/refusal';

const tree = () => {
  const app = new App();
  const eu = new Construct(app, 'eu');
  const chart = new Chart(eu, 'payments');
  return { app, eu, chart, leaf: new Construct(chart, 'leaf'), other: new Chart(app, 'other') };
};

it('the whole app is one cluster when nobody says otherwise', () => {
  const { app, chart, leaf, other } = tree();
  for (const scope of [app, chart, leaf, other]) expect(ClusterBoundary.of(scope)).toBe(app);
});

it('what is below a boundary is a cluster of its own, the rest is not', () => {
  const { app, eu, chart, leaf, other } = tree();
  ClusterBoundary.at(eu);
  for (const scope of [eu, chart, leaf]) expect(ClusterBoundary.of(scope)).toBe(eu);
  for (const scope of [app, other]) expect(ClusterBoundary.of(scope)).toBe(app);
});

it('the nearest boundary counts', () => {
  const { eu, chart, leaf } = tree();
  ClusterBoundary.at(eu);
  ClusterBoundary.at(chart);
  ClusterBoundary.at(chart);
  expect(ClusterBoundary.of(leaf)).toBe(chart);
  expect(ClusterBoundary.of(eu)).toBe(eu);
});

it('cannot be drawn below what was already declared for the cluster above, which would escape comparison', () => {
  const { app, eu, chart, leaf, other } = tree();
  ClusterBoundary.of(leaf);
  expect(refusal(() => ClusterBoundary.at(chart))).toBe(
    'ClusterBoundary.at: scope = "eu/payments" already contains objects that were declared for the cluster above it. '
    + 'Fix: call it right after the chart is made, before anything is declared in it.');
  for (const scope of [eu, leaf]) expect(() => ClusterBoundary.at(scope)).toThrow('already contains objects');
  ClusterBoundary.at(other);
  ClusterBoundary.at(app);
});
