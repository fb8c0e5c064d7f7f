// @ts-check
'use strict';

/** The page as HTML without a program in it: read on a phone at night, by eye or by screen reader. */

/** @type {{ [unit: string]: string }} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {unknown} text */
const escape = text => String(text).replace(/[&<>"']/g, unit => ENTITIES[unit]);

/** @type {{ [status: string]: string }} */
const SIGNS = { ok: '✓', degraded: '!', failing: '✗', unknown: '?' };

/** @param {string} status */
const badge = status => `<span class="badge ${escape(status)}"><span aria-hidden="true">${SIGNS[status]}</span> ${escape(status)}</span>`;

/**
 * `3 d 4 h`: the two largest units between two times.
 *
 * @param {string} since
 * @param {string} until
 */
function between(since, until) {
  let rest = Math.floor((Date.parse(until) - Date.parse(since)) / 1000);
  if (!(rest >= 0)) return 'not yet';
  const parts = [];
  for (const [unit, seconds] of /** @type {[string, number][]} */ ([['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]])) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/**
 * @param {[string, string][]} rows
 */
const facts = rows => `<dl>${rows.filter(([, value]) => value).map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;

/**
 * @param {any} pod
 * @param {string} at
 * @param {Set<string>} odd configurations that few pods have
 */
function card(pod, at, odd) {
  const time = (/** @type {string} */ value) => value && `<time datetime="${escape(value)}">${escape(value)}</time>`;
  const differs = odd.has(`${pod.name} ${pod.configHash}`);
  return `<article aria-label="${escape(pod.pod || pod.address)}">
<h2>${escape(pod.pod || pod.address)} ${badge(pod.status)}</h2>
${pod.problems.length ? `<ul class="problems">${pod.problems.map((/** @type {string} */ problem) => `<li>${escape(problem)}</li>`).join('')}</ul>` : ''}
${facts([
    ['Application', escape(pod.name)],
    ['Build', [pod.version, pod.commit].filter(Boolean).map(escape).join(' · ')],
    ['Built', time(pod.builtAt)],
    ['Up for', pod.startedAt && `${escape(between(pod.startedAt, at))} <small>since ${time(pod.startedAt)}</small>`],
    ['Config', pod.configHash && `<code>${escape(pod.configHash)}</code>${differs ? ' <strong>differs from the other pods</strong>' : ''}`],
    ['Address', escape(pod.address)],
  ])}
${pod.checks.length ? `<h3>Checks</h3><ul class="checks">${pod.checks.map((/** @type {any} */ check) => `<li>${badge(check.status)} ${escape(check.name)}${check.detail ? `: ${escape(check.detail)}` : ''}</li>`).join('')}</ul>` : ''}
${pod.errors.length ? `<details${pod.status === 'ok' ? '' : ' open'}><summary>Recent errors: ${pod.errors.length}</summary><ol>${pod.errors.map((/** @type {any} */ error) =>
    `<li>${time(error.at)}${error.count > 1 ? ` ×${error.count}` : ''}${error.kind ? ` <b>${escape(error.kind)}</b>` : ''}<br>${escape(error.message)}</li>`).join('')}</ol></details>` : ''}
</article>`;
}

/**
 * Configurations of an application that not most of its pods have.
 *
 * @param {any[]} pods
 */
function oddConfigurations(pods) {
  /** @type {Map<string, Map<string, number>>} */
  const counts = new Map();
  for (const { name, configHash } of pods) {
    if (!configHash) continue;
    const of = counts.get(name) ?? new Map();
    counts.set(name, of.set(configHash, (of.get(configHash) ?? 0) + 1));
  }
  return new Set([...counts].flatMap(([name, of]) => {
    const total = [...of.values()].reduce((sum, count) => sum + count, 0);
    return [...of].filter(([, count]) => count * 2 <= total && of.size > 1).map(([hash]) => `${name} ${hash}`);
  }));
}

const STYLE = `
:root{color-scheme:light dark;--back:#fff;--card:#f6f7f9;--text:#16191d;--soft:#4d5560;--line:#c9ced6;--ok:#0b5c2d;--degraded:#6b4700;--failing:#a30f1c;--unknown:#43356f}
@media(prefers-color-scheme:dark){:root{--back:#0d1014;--card:#181c22;--text:#e8ebef;--soft:#a9b2bd;--line:#39414c;--ok:#6fd796;--degraded:#f0bd58;--failing:#ff9a9a;--unknown:#c6b6ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:0 0 .5rem;display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;justify-content:space-between}h3{font-size:1rem;margin:.75rem 0 .25rem}
.soft,small,dt{color:var(--soft)}
.counts{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:.75rem 0;list-style:none}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem;align-items:start}
article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem;min-width:0}
.badge{border:1px solid currentColor;border-radius:1rem;padding:0 .6rem;font-size:.9rem;font-weight:600;white-space:nowrap}
.ok{color:var(--ok)}.degraded{color:var(--degraded)}.failing{color:var(--failing)}.unknown{color:var(--unknown)}
dl{margin:0;display:grid;gap:.2rem}dl div{display:grid;grid-template-columns:6rem 1fr;gap:.5rem}dd{margin:0;min-width:0}
ul,ol{padding-left:1.2rem;margin:.25rem 0}.checks{list-style:none;padding:0}.checks li{margin:.3rem 0}.problems{color:var(--failing)}
summary{cursor:pointer;padding:.6rem 0;font-weight:600;min-height:2.75rem}
a{color:inherit}nav a{display:inline-block;padding:.6rem 1rem .6rem 0;min-height:2.75rem}
:focus-visible{outline:3px solid currentColor;outline-offset:2px}
`;

/**
 * @param {any} overview as in overview.js
 */
function html(overview) {
  const { namespace, at, pods, left, problem } = overview;
  const odd = oddConfigurations(pods);
  const counts = ['failing', 'unknown', 'degraded', 'ok']
    .map(status => ({ status, count: pods.filter((/** @type {any} */ pod) => pod.status === status).length }))
    .filter(({ count }) => count > 0);
  const summary = problem ? `<p class="failing" role="status">${escape(problem)}</p>`
    : `<ul class="counts" aria-label="Pods by health">${counts.map(({ status, count }) => `<li>${count} × ${badge(status)}</li>`).join('')}</ul>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(namespace)}: ${problem ? 'no pods' : counts.map(({ status, count }) => `${count} ${status}`).join(', ')}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escape(namespace)}</h1>
<p class="soft">${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}, <time datetime="${escape(at)}">${escape(at)}</time>${left ? `; ${left} more were not asked` : ''}</p>
${summary}
<nav aria-label="Views"><a href="/">Look again</a><a href="/overview.json">JSON</a></nav>
</header>
<main>
${pods.map((/** @type {any} */ pod) => card(pod, at, odd)).join('\n')}
</main>
</body>
</html>
`;
}

module.exports = { html };
