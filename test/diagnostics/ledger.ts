import { ApiObject, Chart } from 'cdk8s';
import { OAuth2ProxyProps } from '../../src';

/** How people log in to the diagnostics of an application of these tests. */
export const LOGIN: OAuth2ProxyProps = {
  issuerUrl: 'https://login.example.com',
  authorizationUrl: 'https://login.example.com/authorize',
  tokenUrl: 'https://login.example.com/token',
  jwksUrl: 'https://login.example.com/keys',
  clientId: 'ledger',
  groups: ['oncall-payments'],
  secretName: 'ledger-login',
};

/** How it is reached. */
export const INGRESS = { host: 'ledger.example.com', className: 'internal', tlsSecretName: 'ledger-tls', controllerNamespace: 'ingress' };

/** The application, with a port for its diagnostics. */
export function ledger(chart: Chart, port: string, containerPort: number): ApiObject {
  return new ApiObject(chart, 'ledger', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'ledger' },
    spec: {
      selector: { matchLabels: { app: 'ledger' } },
      template: { metadata: { labels: { app: 'ledger' } }, spec: { containers: [{ name: 'app', image: 'ledger:1', ports: [{ name: port, containerPort }] }] } },
    },
  });
}
