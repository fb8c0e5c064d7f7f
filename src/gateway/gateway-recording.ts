import { objectName } from '../private/validate';

/**
 * Where recordings of sessions go. A session whose recording cannot be written does not begin, and ends when writing fails.
 */
export class GatewayRecording {
  /**
   * A PersistentVolumeClaim in the gateway's namespace, that exists. With `ReadWriteMany` several gateways write to it at once,
   * else one. What reads it, to keep or ship the recordings, is another pod's business.
   *
   * @param name of the claim
   * @throws on a malformed name
   */
  public static volumeClaim(name: string): GatewayRecording {
    return new GatewayRecording(objectName('GatewayRecording.volumeClaim', 'name', name));
  }

  /** Name of the PersistentVolumeClaim. */
  public readonly claimName: string;

  private constructor(claimName: string) {
    this.claimName = claimName;
  }

  /** What it is, in words. */
  public toString(): string {
    return `the volume claim ${this.claimName}`;
  }
}
