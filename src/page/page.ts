// The page: one HTML document that is whole without a script, and the part of it that is sent again with each change. Pure.
// Must not know how anything is known. Every text from outside is escaped; what it says about itself stands in no attribute but `title`.
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import type { Light, Notice, RouterView, TableView, View } from './view.ts';

export { SCRIPT, STYLE };

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML, in an element or in a quoted attribute. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? '').replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');
}

/** The whole document, before the first update comes. */
export function page(view: View): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(titleOf(view))}</title>
<link id="icon" rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<style>${STYLE}</style>
</head>
<body>
<p id="stale" role="alert" hidden></p>
<main id="view" aria-live="off">
${content(view)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** What is sent with each update: the inside of `main`. */
export function content(view: View): string {
  const { node, at, silence, notices, routers, more, tables, foot } = view;
  return [
    `<header data-light="${view.light}" data-title="${escaped(titleOf(view))}"><h1>${escaped(node)}</h1><p><span class="dot"></span>as of ${escaped(at)}</p></header>`,
    ...(silence === null ? [] : [noticeOf({ level: 'error', text: silence })]),
    ...notices.map(noticeOf),
    ...(routers.length === 0 ? [] : ['<div class="routers">', ...routers.map(card), '</div>']),
    ...(more === null ? [] : [`<p class="more">${escaped(more)}</p>`]),
    ...tables.filter(({ rows }) => rows.length > 0).map(table),
    `<footer>${foot.map(line => `<p>${escaped(line)}</p>`).join('')}</footer>`,
  ].join('\n');
}

/** One message of an event stream, WHATWG HTML §9.2. */
export function event(name: string, text: string): string {
  return `event: ${name}\n${text
    .split('\n')
    .map(line => `data: ${line}\n`)
    .join('')}\n`;
}

export const WORDS: Readonly<Record<Light, string>> = {
  initialize: 'Initialize',
  backup: 'Backup',
  active: 'Active',
  leaving: 'Leaving',
  fault: 'Fault',
  unknown: 'unknown',
};

function titleOf({ node, title }: View): string {
  return `${node}: ${title}`;
}

function noticeOf({ level, text }: Notice): string {
  return `<p class="notice ${level}">${escaped(text)}</p>`;
}

function card({ name, family, light, since, sentence, notices, lines, past, span, changes }: RouterView): string {
  const badge = `<span class="badge ${light}">${WORDS[light]}</span>`;
  const rows = changes.map(({ at, text }) => `<li><time>${escaped(at)}</time> ${escaped(text)}</li>`);
  return [
    light === 'unknown' ? '<section class="unknown">' : '<section>',
    `<h2>${escaped(name)} <small>${escaped(family)}</small> ${badge}<span class="since">${escaped(since)}</span></h2>`,
    `<p class="sentence">${escaped(sentence)}</p>`,
    ...notices.map(noticeOf),
    ...(past.length === 0 ? [] : [strip(past), `<p class="span"><span>${escaped(span[0])}</span><span>${escaped(span[1])}</span></p>`]),
    ...(rows.length === 0 ? [] : [`<ol>${rows.join('')}</ol>`]),
    ...(lines.length === 0 ? [] : [`<ul>${lines.map(line => `<li>${escaped(line)}</li>`).join('')}</ul>`]),
    '</section>',
  ].join('\n');
}

/** Thousandths; a change that lasted no time is still to be seen. */
const WIDTH = 1000;
const LEAST = 3;

function strip(past: RouterView['past']): string {
  const bars = past.map(({ light, from, to, text }) => {
    const width = Math.max(LEAST, (to - from) * WIDTH);
    const x = Math.min(from * WIDTH, WIDTH - width);
    return `<rect class="${light}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="20"><title>${escaped(text)}</title></rect>`;
  });
  return `<svg class="strip" viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="its states over time">${bars.join('')}</svg>`;
}

function table({ title, head, rows }: TableView): string {
  const cells = (kind: 'th' | 'td', texts: readonly string[]): string =>
    texts.map((text, i) => `<${kind}${kind === 'td' ? ` data-head="${escaped(head[i] ?? '')}"` : ''}>${escaped(text)}</${kind}>`).join('');
  return [
    `<section class="wide"><h2>${escaped(title)}</h2><table>`,
    `<thead><tr>${cells('th', head)}</tr></thead>`,
    `<tbody>${rows.map(({ tone, cells: texts }) => `<tr class="${tone}">${cells('td', texts)}</tr>`).join('')}</tbody>`,
    '</table></section>',
  ].join('\n');
}

/** Asks for the token, or says that it is known from now on and leads on: the address with the token in it stays nowhere. */
export function door(known: boolean): string {
  const [title, text] = known
    ? ['holdfast', '<p>The token is known to this browser now: <a href="./">on to the page</a>.</p>']
    : [
        'holdfast: token wanted',
        '<p>This page wants its token: open it once as <code>…/?token=TOKEN</code>. Programs send it as <code>Authorization: Bearer TOKEN</code>.</p>',
      ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
${known ? '<meta http-equiv="refresh" content="0;url=./">\n' : ''}<style>${STYLE}</style>
</head>
<body>
<main>
${text}
</main>
</body>
</html>
`;
}
