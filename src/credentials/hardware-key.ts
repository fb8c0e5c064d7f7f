import { claimHas } from './claims';
import { sortedUnique } from '../private/canonical';
import { each, noWildcard, text } from '../private/validate';

/**
 * What in a token says that the person used a hardware key. Issuers differ in it, and write it only when the login asked for
 * it: look at a token of your own first.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8176 (values of `amr`)
 * @see https://openid.net/specs/openid-provider-authentication-policy-extension-1_0.html (`phr`, `phrh` in `acr`)
 */
export class HardwareKey {
  /**
   * By how the person logged in (`amr`): one of these values is enough.
   *
   * @param values by RFC 8176 `hwk` is a key in hardware; without any, that one
   * @throws on an empty or repeated value
   */
  public static amr(...values: string[]): HardwareKey {
    return HardwareKey.claim('amr', ...values.length === 0 ? ['hwk'] : values);
  }

  /**
   * By the level of the login (`acr`): one of these values is enough.
   *
   * @param values `phrh` is phishing-resistant with a key in hardware; without any, that one
   * @throws on an empty or repeated value
   */
  public static acr(...values: string[]): HardwareKey {
    return HardwareKey.claim('acr', ...values.length === 0 ? ['phrh'] : values);
  }

  /**
   * By another claim, such as `acrs` of Entra ID with the id of an authentication context.
   *
   * @param values one of them is enough
   * @throws on an empty name, and on no, an empty or a repeated value
   */
  public static claim(name: string, ...values: string[]): HardwareKey {
    const at = 'HardwareKey.claim';
    text(at, 'name', name, 'the name of a claim such as "amr"');
    each(at, 'values', values, 'value', (field, value) => text(at, field, noWildcard(at, field, value), 'a value such as "hwk"'));
    return new HardwareKey(name, sortedUnique(values));
  }

  private constructor(
    /** The claim that is looked at. */
    public readonly claimName: string,
    /** Its values, one of which is enough; sorted. */
    public readonly values: string[],
  ) {}

  /** E.g. `amr hwk`. */
  public toString(): string {
    return `${this.claimName} ${this.values.join(' or ')}`;
  }

  /**
   * CEL that is true when the token says so.
   *
   * @internal
   */
  public get _expression(): string {
    return claimHas(this.claimName, this.values);
  }
}
