/** The rules of the approver in the cluster: the very script that it runs. */
interface Script {
  objection(spec: any, config: { groups: string[]; maxSeconds: number; byCertificate: boolean; exceptions: string[] }): string | undefined;
}

interface Rules {
  readonly groups: string[];
  readonly maxSeconds: number;
  readonly byCertificate: boolean;
}

/** Why a CertificateSigningRequest is not approved; undefined when it says no more than who made it. */
export function objectionTo({ spec }: any, rules: Rules): string | undefined {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const script: Script = require('cdk8s-secure-debug/assets/certificate-approver/certificate-approver.js');
  try {
    return script.objection(spec, { ...rules, exceptions: [] });
  } catch (error) {
    return (error as Error).constructor.name === 'RequestError' ? (error as Error).message : 'it cannot be read';
  }
}
