import { Drifted } from './drifted';
import { plain, word } from '../text';

/** Characters that mean nothing within a code span. */
const INERT = /^[A-Za-z0-9.,:;/@()=+ -]+$/;

/** Text of others, verbatim: neither Markdown nor HTML nor a mention can come of it. */
export function code(text: string): string {
  const shown = plain(text);
  return INERT.test(shown) && shown === shown.trim() ? `\`${shown}\`` : `<code>${shown.replace(/[!-/:-@[-`{-~]/g, mark => `&#${mark.charCodeAt(0)};`)}</code>`;
}

/** A word for bash and zsh, on one line whatever is in it: what is not seen is written by its bytes, in any locale. */
function argument(text: string): string {
  if (plain(text) === text) return word(text);
  const bytes = (mark: string) => [...Buffer.from(mark)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return `$'${text.replace(/[\\']/g, '\\$&').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, bytes)}'`;
}

/** The command that shows the live object; undefined where the log names none that a cluster could have. */
export function showCommand({ namespace, resource, name }: Pick<Drifted, 'namespace' | 'resource' | 'name'>): string | undefined {
  if (!/^[a-z][a-z0-9.-]*$/.test(resource) || !/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/.test(namespace) || name === '') return undefined;
  return `kubectl get${namespace ? ` -n ${namespace}` : ''} -o yaml ${argument(`${resource}/${name}`)}`;
}

export const doneText = ({ done }: Drifted) => Object.entries(done).map(([what, many]) => many > 1 ? `${what} ×${many}` : what).join(', ');
export const whoText = ({ by, actedBy }: Drifted) => actedBy ? `${by} (acted by ${actedBy})` : by;

/** Text for the pull request that brings Git and cluster together again. */
export function driftMarkdown(drifted: Drifted[], undeclared: Drifted[], damaged: string[]): string {
  return [
    '## Changed past Git',
    '',
    ...drifted.length + undeclared.length === 0 ? ['Nothing.', ''] : [],
    ...drifted.length > 0 ? ['In an emergency that was declared. For each object: bring the change into Git, or take it back.', '', ...byNamespace(drifted)] : [],
    ...undeclared.length > 0 ? ['## Changed past Git, undeclared', '', '**Nobody had declared an emergency**; the guardrail only watched. Ask why, then as above.', '', ...byNamespace(undeclared)] : [],
    ...damaged.length > 0 ? ['## Not read', '', 'Parts of the audit log are damaged, so this list may lack something:', '', ...damaged.map(one => `- ${code(one)}`), ''] : [],
  ].join('\n').trimEnd();
}

function byNamespace(entries: Drifted[]): string[] {
  const namespaces = [...new Set(entries.map(({ namespace }) => namespace))].sort();
  return namespaces.flatMap(namespace => {
    const here = entries.filter(one => one.namespace === namespace);
    const objects = new Map<string, Drifted[]>();
    for (const one of here) {
      const key = JSON.stringify([one.resource, one.name]);
      // Where it was changed last decides its place.
      objects.set(key, [...objects.get(key) ?? [], one]);
    }
    const sorted = [...objects.values()].sort((a, b) => here.indexOf(a.at(-1)!) - here.indexOf(b.at(-1)!));
    return [`### ${namespace ? code(namespace) : 'No namespace'}`, '', ...sorted.flatMap(checklistItem)];
  });
}

function checklistItem(entries: Drifted[]): string[] {
  const last = entries.at(-1)!;
  const command = showCommand(last);
  return [
    `- [ ] ${code(last.resource)} ${last.name ? code(last.name) : 'without a name in the log'}${last.lastDone === 'delete' ? ', **deleted**' : ''}`,
    ...entries.flatMap(one => [
      `  - ${doneText(one)} by ${code(whoText(one))}, ${one.times > 1 ? `${code(one.first)} to ${code(one.last)}` : code(one.last)}`,
      ...grantLines(one),
      ...one.collection ? ['    - one request for many objects, of which the audit log names the first alone: **look for others of this kind**'] : [],
      ...one.fields.length > 0 ? [`    - sent: ${one.fields.map(code).join(', ')}`] : [],
    ]),
    ...command ? ['', '  ```sh', `  ${command}`, '  ```'] : [],
    '',
  ];
}

function grantLines({ grant, grantFrom, ticket, reason, until, approvals, lacks }: Drifted): string[] {
  const by = grant ? `grant ${code(grant)}` : '';
  const parts = [
    ...ticket ? [`ticket ${code(ticket)}`] : [],
    ...reason ? [`reason ${code(reason)}`] : [],
    ...by ? [`${by}${until ? ` until ${code(until)}` : ''}${grantFrom === 'person' ? ' (open then; RBAC named another right)' : ''}`] : [],
    ...approvals.length > 0 ? [`approved by ${approvals.map(one => code(`${one.user} as ${one.group}`)).join(', ')}`] : [],
    ...lacks ? [`**${lacks}**`] : [],
  ];
  return parts.length > 0 ? [`    - ${parts.join('; ')}`] : [];
}
