import { readFileSync } from 'fs';
import { claimsOf, timeOf } from './id-token';
import { explain } from './issuer-errors';
import { IssuerHttp } from './issuer-http';
import { OpenidLibrary, openidLibrary } from './openid-library';
import { LoginSettings } from './settings';
import { Login } from './token-cache';
import { refused, wrongUse } from '../errors';
import { Io } from '../io';
import { plain } from '../text';

/** What an issuer gave. */
export interface Tokens {
  readonly id_token?: string;
  readonly refresh_token?: string;
}

/** An issuer whose settings were read, ready for a login. */
export class Issuer {
  /** Reads the discovery document, and from its answer what time it is there. */
  public static async discover(io: Io, settings: LoginSettings): Promise<Issuer> {
    const library = await openidLibrary();
    const http = new IssuerHttp(settings.issuer, settings.authority, io.env);
    try {
      const secret = clientSecret(io);
      const authentication = () => secret === undefined ? library.None() : library.ClientSecretPost(secret);
      const send = (url: string, sent: object) => http.send(url, sent);
      const options = { [library.customFetch]: send as any };
      const found = await library.discovery(new URL(settings.issuer), settings.clientId, undefined, authentication(), options);
      const { issuer: name } = found.serverMetadata();
      // The library takes a slash at the end for none; API servers do not.
      if (name !== settings.issuer) refused(`What ${settings.issuer} says of itself names another issuer: ${plain(name)}. Fix: write --issuer as it stands there, to the slash.`);
      // What is judged by time is judged by the issuer's clock; a wrong one here keeps nobody out.
      const metadata = { [library.clockSkew]: Math.round(http.ahead / 1_000) };
      const configuration = new library.Configuration(found.serverMetadata(), settings.clientId, metadata, authentication());
      configuration[library.customFetch] = ((url: string, sent: any) => {
        // The library writes http://localhost:8000/ where the issuer has http://localhost:8000, and issuers compare texts.
        if (issuer.redirect !== undefined && sent.body instanceof URLSearchParams && sent.body.has('redirect_uri')) sent.body.set('redirect_uri', issuer.redirect);
        return send(url, sent);
      }) as any;
      library.enableNonRepudiationChecks(configuration);
      const issuer: Issuer = new Issuer(settings, library, configuration, http);
      return issuer;
    } catch (error) {
      http.close();
      return explain(error, settings, http.ahead);
    }
  }

  /** Where the browser comes back to in this login. */
  public redirect?: string;

  private constructor(
    public readonly settings: LoginSettings,
    public readonly library: OpenidLibrary,
    public readonly configuration: InstanceType<OpenidLibrary['Configuration']>,
    private readonly http: IssuerHttp,
  ) {}

  /** How much its clock is ahead of this one, in milliseconds. */
  public get ahead(): number {
    return this.http.ahead;
  }

  /** Does something with it, and says in a sentence what went wrong. */
  public async doing<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      return explain(error, this.settings, this.ahead);
    }
  }

  public close(): void {
    this.http.close();
  }

  /** What is remembered of an answer. */
  public login(tokens: Tokens, loggedInAt: number, earlier?: string): Login {
    const { issuer, clientId, scopes, authority } = this.settings;
    const { id_token: idToken, refresh_token: refreshToken = earlier } = tokens;
    if (idToken === undefined) return refused(`${issuer} gave no ID token, without which no API server knows anybody. Fix: allow the client ${clientId} the scope openid.`);
    const expiresAt = timeOf(claimsOf(idToken) ?? {}, 'exp') ?? refused(`The ID token of ${issuer} never ends. Fix: tell who operates it; no API server takes such a token.`);
    const optional = { ...authority !== undefined && { authority }, ...refreshToken !== undefined && { refreshToken } };
    return { issuer, clientId, scopes, idToken, expiresAt, ahead: this.ahead, loggedInAt, ...optional };
  }
}

/** For issuers that want one even of a program that cannot keep it, such as Google. Never an argument: those are in every process list. */
function clientSecret({ env }: Io): string | undefined {
  const name = 'SECURE_DEBUG_CLIENT_SECRET';
  const file = env[`${name}_FILE`];
  if (file === undefined) return env[name]?.trim() || undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    return wrongUse(`${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}. Fix: name a file that you may read.`);
  }
}
