import { PHASES, Standing } from './standing';
import { STEPS } from './steps';
import type { PhaseReadiness } from '../audit/readiness-judge';
import { Paint, plain } from '../text';

/** The phase after. */
export function nextOf({ phase }: Standing): string | undefined {
  return PHASES[PHASES.indexOf(phase) + 1];
}

/** Where a cluster stands, and whether it may go on, for people. */
export function statusText(paint: Paint, standing: Standing, step: PhaseReadiness | undefined, how: string): string {
  const { phase, onCall, breakGlass, requestable, refusing, watching, certificates, issuers } = standing;
  const some = (names: string[]) => names.length > 4 ? `${names.slice(0, 3).map(plain).join(', ')} and ${names.length - 3} more` : names.map(plain).join(', ') || 'nowhere';
  const logins = [...issuers ? ['the API server is told whose tokens it believes'] : [], ...certificates ? ['client certificates that end'] : []];
  const next = nextOf(standing);
  const guardrails = [...refusing.length > 0 ? [`refuse: ${some(refusing)}`] : [], ...watching.length > 0 ? [`watch: ${some(watching)}`] : []];
  return [
    phase === 'none' ? paint('bold', 'Nothing of it is there yet') : `Phase ${paint('bold', phase)}`,
    '',
    `  on call      ${some(onCall)}`,
    `  break-glass  ${some(breakGlass)}`,
    `  logging in   ${logins.join(', ') || (issuers === undefined ? 'not told: whose tokens are believed stands in files of the API server' : 'as before')}`,
    `  by request   ${some(requestable)}`,
    `  guardrails   ${guardrails.join('; ') || 'none'}`,
    '',
    ...next === undefined
      ? ['There is no phase after this one.', ...watching.length > 0 ? [`What only watches goes on to refuse by itself: secure-debug audit readiness judges ${some(watching)}.`] : []]
      : [
        ...phase === 'none' ? ['Next: rbac, which takes nothing from anybody. secure-debug init writes the app.'] : nextLines(next, step),
        ...phase === 'none' ? [] : ['', 'The pull request:', '', `  ${how}`],
      ],
  ].join('\n');
}

function nextLines(next: string, step: PhaseReadiness | undefined): string[] {
  if (!(next in STEPS) || step === undefined) return [`Next: ${next}. Whether it is safe is not judged: no audit log was given. Fix: --log FILE.`];
  return [`Next: ${next}, ${step.status}${step.why.length > 0 ? ', since' : '.'}`, ...step.why.map(line => `  ${plain(line)}`)];
}
