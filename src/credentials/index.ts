export * from './authentication-configuration';
export * from './certificate-access';
export * from './credential-plugin';
export * from './hardware-key';
export * from './oidc-kubeconfig';
export * from './token-issuer';
