import { createHash } from 'crypto';
import { client } from './client';
import { playback } from './playback';
import { player, Player } from './player';
import { Recordings } from './recordings';
import { Shown, shownAll } from './shown';
import { RECORDINGS_STYLE, STYLE } from './style';
import { plain, plural } from '../../text';
import { AuditReport } from '../debug-session';
import { counts, LIMITS, PATH_TITLES, PATHS, timeText } from '../session-text';

const ENTITIES: { readonly [char: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' };

/** Text of others, as text of a page or of an attribute. */
const text = (value: string): string => plain(value).replace(/[&<>"']/g, char => ENTITIES[char]);

/** JSON within a script element: nothing in it can end the element, or begin a comment. */
const data = (value: unknown): string => JSON.stringify(value).replace(/[<>&\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, chars =>
  chars.split('').map(char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));

const hash = (content: string): string => `'sha256-${createHash('sha256').update(content).digest('base64')}'`;

/** Runs once the page is there. Some compilers name functions by a helper, `__name`, which the page has not. */
const script = (more: string) => `(__name => (${client.toString()})(window, JSON.parse(document.getElementById('report').textContent)${more}))(of => of);`;
const SCRIPT = script('');

/**
 * Nothing is loaded, sent or run but what stands in the file itself, by its hash. The player's terminal is WebAssembly, which its
 * own script contains.
 */
const policy = (scripts: string[], styles: string[], more = '') =>
  `default-src 'none'; script-src ${scripts.map(hash).join(' ')}${more}; style-src ${styles.map(hash).join(' ')}; base-uri 'none'; form-action 'none'`;

/**
 * The report as one HTML file that needs no network, and that no text of a log can make do anything. Without JavaScript it
 * shows the sessions as a table.
 */
export function htmlReport(report: AuditReport, recordings?: Recordings): string {
  const { from, to } = report;
  const damage = [...report.damage, ...recordings?.damage ?? []];
  const sessions = shownAll(report);
  const played = recordings && player();
  const own = played ? script(`, ${playback.toString()}`) : SCRIPT;
  const rules = played ? policy([played.script, own], [STYLE, played.style + RECORDINGS_STYLE], ' \'wasm-unsafe-eval\'') : policy([own], [STYLE]);
  const period = from && to ? `${timeText(from)} to ${timeText(to)}` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${rules}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Who debugged what${period ? text(`, ${period}`) : ''}</title>
<style>${STYLE}</style>${played ? `\n<style>${played.style}${RECORDINGS_STYLE}</style>` : ''}
</head>
<body>
<header>
<h1>Who debugged what, by which path</h1>
<p class="soft">${text([period, logsText(report)].filter(Boolean).join(' · '))}</p>
<p class="paper" id="paper-filters"></p>
${tiles(report)}
</header>
<main>
${damaged(damage)}
<noscript>
<section class="card">
<h2>Sessions</h2>
<p class="soft">With JavaScript there are a timeline, a matrix and filters.</p>
<div class="sessions">${plainTable(sessions)}</div>
</section>
</noscript>
<div id="page" hidden>
${filters(sessions)}
<section class="card" aria-labelledby="timeline-title">
<div class="head"><h2 id="timeline-title">When</h2><p class="soft screen">UTC. A bar is a session.<span class="mouse"> Draw over a lane to narrow the time.</span></p></div>
<div id="timeline"></div>
<p class="legend">${legend(sessions)}</p>
</section>
<section class="card" aria-labelledby="matrix-title">
<div class="head"><h2 id="matrix-title">Who used which path</h2></div>
<div id="matrix"></div>
</section>
<section class="card sessions" aria-labelledby="sessions-title">
<div class="head"><h2 id="sessions-title">Sessions</h2></div>
<table>
<thead><tr>
<th scope="col"><button type="button" data-sort="start">Began, UTC</button></th>
<th scope="col"><button type="button" data-sort="user">Who</button></th>
<th scope="col">Path</th>
<th scope="col">What</th>
<th scope="col">Where</th>
<th scope="col">Ticket and reason</th>
<th scope="col"><button type="button" data-sort="seconds">Length</button></th>
</tr></thead>
<tbody id="rows"></tbody>
</table>
<div id="more-rows"></div>
</section>${recordings ? recordingsCard(recordings) : ''}
<dialog id="detail" aria-labelledby="detail-title">
<div class="bar-top">
<h2 id="detail-title" class="text"></h2>
<button type="button" id="previous" aria-label="Previous session">&#8592;</button>
<button type="button" id="next" aria-label="Next session">&#8594;</button>
<button type="button" id="close" aria-label="Close">&#10005;</button>
</div>
<div class="detail" id="detail-body"></div>
</dialog>
</div>
</main>
<footer><p>${text(LIMITS)} The log names the first grant that allowed a request; others that were active then are told beside it.</p>${played ? licence(played) : ''}</footer>
<script type="application/json" id="report">${data({ from, to, titles: PATH_TITLES, sessions, recordings })}</script>${played ? `\n<script>${played.script}</script>` : ''}
<script>${own}</script>
</body>
</html>
`;
}

function recordingsCard({ all, others, missing }: Recordings): string {
  const said = [
    `${plural(all.length, 'recording')} of the SSH gateway`,
    missing.length > 0 ? `${plural(missing.length, 'session')} through it ${missing.length === 1 ? 'has' : 'have'} none here` : 'every session through it has one',
  ];
  return `
<section class="card" aria-labelledby="recordings-title">
<div class="head"><h2 id="recordings-title">Recordings</h2><p class="soft">${text(`${said.join('; ')}.`)}</p></div>
${others.length > 0 ? '<p class="soft">These belong to no session above: the gateway refused what was asked for, or the logs or the filters of this report leave it out.</p><ul class="recordings" id="recordings"></ul>' : ''}
</section>`;
}

/** Whoever gets the file gets the player, and with it its terms. */
const licence = ({ version, licence: terms }: Player) => `
<details class="screen"><summary>Recordings are played by asciinema-player ${text(version)}, under the Apache License 2.0</summary><pre>${terms.replace(/[&<>]/g, char => ENTITIES[char])}</pre></details>`;

function logsText({ logs }: AuditReport): string {
  const clusters = [...new Set(logs.map(({ cluster }) => cluster).filter(cluster => cluster !== undefined))].sort();
  return `${plural(logs.reduce((sum, { events }) => sum + events, 0), 'event')} of ${logs.length === 1 && logs[0].name !== '-' ? logs[0].name : plural(logs.length, 'log')}`
    + (clusters.length > 0 ? ` of ${clusters.join(', ')}` : '');
}

function tiles(report: AuditReport): string {
  const { sessions, people, outside, breakGlass, refused } = counts(report);
  const tile = (count: number, label: string, more = '') => `<b>${count.toLocaleString('en-US')}</b><span>${label}</span>${more}`;
  const still = (count: number, label: string) => `<li><div class="tile">${tile(count, label)}</div></li>`;
  const button = (attributes: string, alarm: boolean, count: number, label: string) => `<li><button type="button" class="tile${alarm ? ' alarm' : ''}" ${attributes} aria-pressed="false">${tile(count, label)}</button></li>`;
  return `<ul class="tiles">
${still(sessions, sessions === 1 ? 'session' : 'sessions')}
${still(people, people === 1 ? 'person' : 'people')}
${button('data-path="outside"', outside > 0, outside, 'outside every path')}
${button('data-path="break-glass"', false, breakGlass, 'by break-glass')}
${button('id="refused-tile"', false, refused, 'refused')}
</ul>`;
}

function damaged(damage: string[]): string {
  if (damage.length === 0) return '';
  const SHOWN = 20;
  return `<section class="card" aria-labelledby="damage-title">
<h2 id="damage-title">Not read</h2>
<p class="note">Parts of the logs are damaged, so something may be missing here.</p>
<ul class="damage mono">${damage.slice(0, SHOWN).map(one => `<li class="text">${text(one)}</li>`).join('')}${damage.length > SHOWN ? `<li>and ${damage.length - SHOWN} more</li>` : ''}</ul>
</section>`;
}

const present = (sessions: Shown[]) => PATHS.filter(path => sessions.some(one => one.path === path));

function filters(sessions: Shown[]): string {
  const field = (id: string, label: string, control: string, wide = false) => `<label class="field${wide ? ' wide' : ''}" for="${id}"><span>${label}</span>${control}</label>`;
  const clusters = new Set(sessions.map(({ cluster }) => cluster)).size;
  return `<section class="card screen" aria-label="Filters">
<details id="filter-box" open>
<summary>Filters</summary>
<form class="filters" id="filters">
${field('text', 'Text', '<input id="text" type="search" autocomplete="off" spellcheck="false" placeholder="command, pod, ticket …">', true)}
${field('who', 'Who', '<select id="who"></select>')}
${field('ns', 'Namespace', '<select id="ns"></select>')}
${clusters > 1 ? field('on', 'Cluster', '<select id="on"></select>') : ''}
${field('end', 'Outcome', '<select id="end"><option value="">All</option><option value="completed">completed</option><option value="refused">refused</option><option value="failed">failed</option><option value="open">still open</option><option value="would-deny">would be refused</option></select>')}
${field('from', 'From, UTC', '<input id="from" type="datetime-local">')}
${field('to', 'To, UTC', '<input id="to" type="datetime-local">')}
<fieldset class="paths"><legend>Path</legend>${present(sessions).map(path => `<label class="chip ${path}"><input type="checkbox" name="path" id="path-${path}" value="${path}">${PATH_TITLES[path]}</label>`).join('')}</fieldset>
</form>
</details>
<p class="found"><span id="found" role="status"></span><button type="button" class="plain" id="clear" hidden>Clear filters</button></p>
</section>`;
}

function legend(sessions: Shown[]): string {
  return [...present(sessions).map(path => `<span class="chip ${path}">${PATH_TITLES[path]}</span>`), '<span class="chip hollow">refused</span>'].join('');
}

function plainTable(sessions: Shown[]): string {
  const row = (cells: string[]) => `<tr>${cells.map(cell => `<td class="text">${text(cell)}</td>`).join('')}</tr>`;
  return `<table><thead><tr>${['Began, UTC', 'Who', 'Path', 'What', 'Where', 'Ticket and reason', 'Grant', 'Ended'].map(one => `<th scope="col">${one}</th>`).join('')}</tr></thead><tbody>
${sessions.map(one => row([
  one.when, one.who, `${PATH_TITLES[one.path as keyof typeof PATH_TITLES]}${one.outside ? ` (${one.outside})` : ''}`, one.what, one.where,
  [one.ticket, one.reason].filter(Boolean).join(': '), one.grant ?? '', `${one.ended}${one.length ? ` after ${one.length}` : ''}`,
])).join('\n')}
</tbody></table>`;
}
