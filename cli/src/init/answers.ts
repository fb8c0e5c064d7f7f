import { wrongUse } from '../errors';
import { plain } from '../text';

export const LANGUAGES = ['typescript', 'python'] as const;
export type Language = typeof LANGUAGES[number];

/** A team as it is declared. */
export interface Team {
  readonly name: string;
  readonly namespaces: string[];
  readonly onCall: string;
  readonly approvers: string;
}

/** What the app is about. */
export interface Answers {
  readonly language: Language;
  readonly teams: Team[];
  /** What a reader of the declaration has to know, a line each. */
  readonly remarks: string[];
  /** The provider runs the API server, so there are no files for it. */
  readonly managed: boolean;
  /** What the files of the API server are for, besides the plain ones: a `ControlPlanePlatform`. */
  readonly platform?: string;
}

export const list = (text: string) => text.split(',').map(one => one.trim()).filter(one => one !== '');

/** What is asked when it is not given, and what is proposed. */
export const defaults = {
  namespaces: (team: string) => [team],
  onCall: (team: string) => `oncall-${team}`,
  approvers: (team: string) => `${team}-leads`,
};

export function language(text: string): Language {
  return LANGUAGES.find(one => one === text) ?? wrongUse(`--language ${plain(text)} is not written here. Fix: typescript or python.`);
}

/** The platforms whose API server one sets up oneself. */
export function platform(text: string): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { ControlPlane, ControlPlanePlatform } = require('cdk8s-secure-debug') as typeof import('cdk8s-secure-debug');
  const settable = Object.entries(ControlPlanePlatform).filter(([, one]) => {
    try {
      return new ControlPlane({ platforms: [one] });
    } catch {
      return false;
    }
  });
  const found = settable.find(([, one]) => one === text) ?? wrongUse(`--platform ${plain(text)} is not known. Fix: one of ${settable.map(([, one]) => one).join(', ')}.`);
  return found[0];
}

/** Everything that the constructs refuse, before a file is written. */
export function check(answers: Answers): void {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const { SecureDebugging } = require('cdk8s-secure-debug') as typeof import('cdk8s-secure-debug');
  const { App } = require('cdk8s') as typeof import('cdk8s');
  /* eslint-enable @typescript-eslint/no-require-imports */
  try {
    new SecureDebugging(new App(), 'debugging', { teams: answers.teams });
  } catch (error) {
    wrongUse(plain((error as Error).message));
  }
}
