import { createHash, X509Certificate } from 'crypto';
import { readFileSync } from 'fs';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** How to log in, as options of the command line or arguments in a kubeconfig say. */
export interface LoginOptions {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string[];
  readonly param?: string[];
  readonly redirect?: string;
  readonly deviceCode?: boolean;
  readonly browser?: boolean;
  readonly certificateAuthority?: string;
  readonly certificateAuthorityData?: string;
}

/** The same, checked. */
export interface LoginSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** With `openid`, sorted. */
  readonly scopes: string[];
  /** What else the issuer is asked, such as `acr_values`. */
  readonly parameters: Record<string, string>;
  /** Where the browser comes back to, as the issuer knows it; without a port any that is free. */
  readonly redirect: string;
  readonly deviceCode: boolean;
  readonly browser: boolean;
  /** PEM of the authority of the issuer's certificate. */
  readonly authority?: string;
}

const REDIRECT = 'http://127.0.0.1';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** What the protocol is made of: whoever could change these would turn its checks off. */
const OWN = ['client_id', 'client_secret', 'response_type', 'response_mode', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri'];

/** The names of the options as flags, for `util.parseArgs` and for the line that a person can copy. */
export const LOGIN_FLAGS = {
  'issuer': { type: 'string' },
  'client-id': { type: 'string' },
  'scope': { type: 'string', multiple: true },
  'param': { type: 'string', multiple: true },
  'redirect': { type: 'string' },
  'device-code': { type: 'boolean' },
  'browser': { type: 'boolean' },
  'certificate-authority': { type: 'string' },
  'certificate-authority-data': { type: 'string' },
} as const;

/** Checks the options, each by its name. */
export function settingsOf(options: LoginOptions): LoginSettings {
  const { deviceCode = false, browser = false } = options;
  if (deviceCode && (browser || options.redirect !== undefined)) {
    wrongUse(`--device-code and ${browser ? '--browser' : '--redirect'} contradict each other. Fix: give one; a code is typed on another device, and no browser comes back here.`);
  }
  return {
    issuer: issuerOf(options.issuer),
    clientId: wordOf('--client-id', options.clientId ?? wrongUse('--client-id is missing. Fix: give the id of the public client that the issuer has for kubectl.')),
    scopes: [...new Set(['openid', ...(options.scope ?? ['email', 'groups']).map(scope => wordOf('--scope', scope))])].sort(),
    parameters: parametersOf(options.param ?? []),
    redirect: redirectOf(options.redirect ?? REDIRECT),
    deviceCode,
    browser,
    authority: authorityOf(options),
  };
}

/** Under what a login is remembered: another client, scope or demand is another login. */
export function keyOf({ issuer, clientId, scopes, parameters }: LoginSettings): string {
  const entries = Object.entries(parameters).sort(([a], [b]) => a < b ? -1 : 1);
  return createHash('sha256').update(JSON.stringify([issuer, clientId, scopes, entries])).digest('hex').slice(0, 32);
}

/** The arguments that mean the same, for a line to copy. */
export function argumentsOf({ issuer, clientId, scopes, parameters, redirect, deviceCode }: LoginSettings): string[] {
  return [
    `--issuer=${issuer}`,
    `--client-id=${clientId}`,
    ...scopes.filter(scope => scope !== 'openid').map(scope => `--scope=${scope}`),
    ...Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`),
    ...redirect === REDIRECT ? [] : [`--redirect=${redirect}`],
    ...deviceCode ? ['--device-code'] : [],
  ];
}

function issuerOf(value: string | undefined): string {
  if (value === undefined) return wrongUse('--issuer is missing. Fix: give its URL, e.g. https://login.example.com, or choose a context that logs in by secure-debug.');
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' || url.search || url.hash || url.username || url.password) {
    wrongUse(`--issuer ${plain(value)} is no issuer. Fix: write its URL with https and nothing after the path, e.g. https://login.example.com.`);
  }
  return value;
}

function wordOf(option: string, value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value) || value.startsWith('-')) wrongUse(`${option} ${plain(value) || '""'} is empty, has blanks or begins with a dash. Fix: write it as the issuer has it.`);
  return value;
}

function parametersOf(all: string[]): Record<string, string> {
  return Object.fromEntries(all.map(one => {
    const [, name, value] = /^([A-Za-z_]\w*)=([\s\S]+)$/.exec(one) ?? wrongUse(`--param ${plain(one)} is no name with a value. Fix: write it as name=value, e.g. acr_values=phrh.`);
    if (OWN.includes(name)) wrongUse(`--param ${name} is made by each login itself. Fix: leave it out${name === 'scope' ? ', and use --scope' : name === 'redirect_uri' ? ', and use --redirect' : ''}.`);
    return [name, value];
  }));
}

function redirectOf(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' || !LOOPBACK.includes(url.hostname) || url.search || url.hash || url.username || url.password) {
    wrongUse(`--redirect ${plain(value)} is not on this computer. Fix: write what the issuer has for the client, e.g. http://localhost:8000.`);
  }
  return value;
}

function authorityOf({ certificateAuthority: file, certificateAuthorityData: data }: LoginOptions): string | undefined {
  if (file !== undefined && data !== undefined) wrongUse('--certificate-authority and --certificate-authority-data contradict each other. Fix: give one of the two.');
  const option = file === undefined ? '--certificate-authority-data' : '--certificate-authority';
  if (file === undefined && data === undefined) return undefined;
  let pem = '';
  try {
    pem = file === undefined ? Buffer.from(data!, 'base64').toString('utf8') : readFileSync(file, 'utf8');
    new X509Certificate(pem);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('E') && !code.startsWith('ERR')) wrongUse(`${option} ${plain(file!)} cannot be read: ${code}. Fix: name a file that you may read.`);
    wrongUse(`${option} holds no certificate. Fix: give the PEM of the authority that signed the issuer's certificate${file === undefined ? ', in base64' : ''}.`);
  }
  return pem;
}
