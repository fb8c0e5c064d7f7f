/** The certified client of OpenID Connect, loaded when somebody logs in. A file of its own, so that tests can load it their way. */
export type OpenidLibrary = typeof import('openid-client', { with: { 'resolution-mode': 'import' } });

export function openidLibrary(): Promise<OpenidLibrary> {
  return import('openid-client');
}
