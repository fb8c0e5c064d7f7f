import { DOMAIN } from '../model/constants';

/** Of the proxy, on the pod's address: the only one that the route leads to. */
export const PROXY_PORT = 4180;
/** Of the relay, or of the page, on loopback, behind the proxy. */
export const DOOR_PORT = 4181;
/** Of the relay, on the pod's address: the contract's paths, for the page of the namespace. */
export const OVERVIEW_PORT = 4182;
/** Of the page, on the pod's address: tells the kubelet that it lives, and nothing else. */
export const HEALTH_PORT = 4183;

/** The paths that applications answer, and that the page of the namespace asks. */
export const CONTRACT_PATHS = ['/debug/info', '/debug/health', '/debug/errors'];

/** Key of the Secret with the token that the page and the relays share. */
export const TOKEN_KEY = 'token';
/** Where that Secret is mounted. */
export const TOKEN_DIRECTORY = '/etc/diagnostics-token';

/** Name of the Secret of a page. */
export const tokenSecret = (page: string) => `${page}-token`;

/** Label of the pods that a page shows: its value is the name of the page. */
export const OVERVIEW_LABEL = `${DOMAIN}/diagnostics`;

/** Labels of the pods of a page. */
export const pageLabels = (name: string) => ({ 'app.kubernetes.io/name': 'diagnostics-service', 'app.kubernetes.io/instance': name });
