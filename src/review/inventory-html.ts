import { STYLE } from './html';
import { InventoryEvidence, InventoryFinding, InventorySubject } from './inventory-finding';
import { graph } from './inventory-graph';
import { countText, INVENTORY_HEADING, lastUsedText, split, stepLines } from './inventory-markdown';
import { xml } from './present';
import { SecureDebugWarnings } from '../model/warnings';
import { sortedUnique } from '../private/canonical';

const OWN_STYLE = [
  '.medium-text{color:var(--medium)}.low-text{color:var(--low)}ol{margin:.3rem 0;padding-left:1.4rem}',
  'h1,h2,p,li,dt,dd{overflow-wrap:anywhere}td>strong,td>a,.id{white-space:nowrap}',
  // A table is no wider than a phone, whatever stands in it. The picture would be; the lists say the same.
  '@media screen and (max-width:40rem){.picture{display:none}body{margin:1rem auto;padding:0 .8rem}th,td{padding:.4rem .3rem;font-size:.87rem}tbody th{min-width:0;overflow-wrap:anywhere}ol{padding-left:1rem}dd{margin-left:1rem}}',
].join('\n');

const code = (text: string): string => `<code>${xml(text)}</code>`;
const codes = (texts: string[]): string => texts.map(code).join('<br>');
const danger = (text: string): string => `<strong class="${text}-text">${text}</strong>`;

function finding(one: InventoryFinding): string {
  const steps = stepLines(one).map((text, i) => `<li>${xml(text)}<br>${codes(one.steps[i].through)}</li>`);
  const what = steps.length > 0 ? `${xml(one.title)}<ol>${steps.join('')}</ol>` : `${xml(one.what)}<br>${codes(one.through)}`;
  return `<tr><td>${danger(one.danger)}</td><td><a href="#${one.id}">${one.id}</a></td><td>${xml(one.where)}</td><td>${what}</td></tr>`;
}

function evidenceText(evidence: InventoryEvidence | undefined): string {
  if (!evidence?.lastUsed) return '<p>Not in the audit log.</p>';
  const { requests, lastUsed, rights, sources } = evidence;
  return `<p>Last used ${xml(lastUsed)}, ${requests} ${requests === 1 ? 'request' : 'requests'}: ${rights.map(code).join(', ')}; from ${sources.map(code).join(', ')}.</p>`;
}

/** The inventory as a page that stands alone. */
export function inventoryHtml(subjects: InventorySubject[], evidence: InventoryEvidence[], unknown: string[], accepted: InventoryFinding[]): string {
  const { others, parts } = split(subjects);
  const byName = new Map(evidence.map(one => [one.who, one]));
  const logged = evidence.length > 0;
  const of = ({ kind, name }: InventorySubject) => byName.get(`${kind} ${name}`);
  const ids = sortedUnique(subjects.flatMap(({ findings }) => findings.map(({ id }) => id)));
  const picture = graph(others);
  const list = (heading: string, items: string[]) => items.length === 0 ? [] : [`<h2>${heading}</h2>`, `<ul>${items.map(item => `<li>${item}</li>`).join('')}</ul>`];
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${INVENTORY_HEADING}</title>`,
    `<style>\n${STYLE}\n${OWN_STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${INVENTORY_HEADING}</h1>`,
    `<p>${others.length === 0 ? 'Nobody but Kubernetes itself holds or reaches more than a task needs.' : `${countText(others)}. Read from RBAC and what stands around it; a step that an admission policy stops is told all the same.`}</p>`,
    ...picture ? ['<div class="picture">', '<h2>Ways to everything</h2>', '<div class="scroll" role="region" aria-label="Ways to everything" tabindex="0">', picture, '</div>', '</div>'] : [],
    ...others.length === 0 ? [] : [
      '<h2>Everybody</h2>',
      `<table><thead><tr>${['Danger', 'Who', 'Is', 'Rules', ...logged ? ['Last used'] : []].map(head => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>`,
      ...others.map((subject, i) => `<tr><td>${danger(subject.danger)}</td><th scope="row"><a href="#s${i}">${xml(subject.name)}</a><small>${subject.kind}</small></th><td>${subject.use}<small>${xml(subject.usedBecause)}</small></td>`
        + `<td>${sortedUnique(subject.findings.map(({ id }) => id)).map(id => `<span class="id">${id}</span>`).join(', ')}</td>${logged ? `<td>${xml(lastUsedText(of(subject)))}</td>` : ''}</tr>`),
      '</tbody></table>',
      ...others.flatMap((subject, i) => [
        `<h2 id="s${i}">${subject.kind} ${xml(subject.name)}</h2>`,
        '<table><thead><tr><th scope="col">Danger</th><th scope="col">Rule</th><th scope="col">Where</th><th scope="col">What, and through what</th></tr></thead><tbody>',
        ...subject.findings.map(finding),
        '</tbody></table>',
        ...logged ? [evidenceText(of(subject))] : [],
      ]),
    ],
    ...list('Accepted for a time', accepted.map(({ id, text }) => `${id}: ${xml(text)}`)),
    ...list('Roles that are not among the objects', unknown.map(code)),
    ...list('Parts of Kubernetes itself', parts.map(({ kind, name, findings }) => `${kind} ${xml(name)}: ${sortedUnique(findings.map(({ id }) => id)).join(', ')}`)),
    ...ids.length > 0 ? ['<h2>Rules</h2>', '<dl>', ...ids.map(id => {
      const rule = SecureDebugWarnings.rules().find(known => known.id === id)!;
      return `<dt id="${id}"><strong>${id} ${xml(rule.title)}</strong></dt><dd>${xml(rule.why)} ${xml(rule.fix)}</dd>`;
    }), '</dl>'] : [],
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
