// A manual page for man(1), in the macros of man(7).
// Must not know what the page is about.
import type { Block, Page } from './page.ts';

/** @param source name and version of what it belongs to */
export function roff({ name, section, about, blocks }: Page, source: string): string {
  return [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} ${section} "" "${typed(source)}"`,
    '.nh',
    '.SH NAME',
    `${typed(name)} \\- ${typed(about)}`,
    ...blocks.flatMap(block => render(block)),
    '',
  ].join('\n');
}

function render(block: Block): readonly string[] {
  switch (block.kind) {
    case 'heading':
      return [`.SH ${quoted(block.text)}`];
    case 'subheading':
      return [`.SS ${quoted(block.text)}`];
    case 'text':
      return ['.PP', flow(block.text)];
    case 'literal':
      return ['.PP', '.RS 4', '.nf', ...block.text.trimEnd().split('\n').map(line), '.fi', '.RE'];
    case 'items':
      return block.items.flatMap(({ term, blocks: [first, ...more] }) => [
        '.TP',
        `\\fB${typed(term)}\\fR`,
        ...(first?.kind === 'text' ? [flow(first.text)] : ['\\&', ...(first === undefined ? [] : indented(first))]),
        ...more.flatMap(indented),
      ]);
  }
}

/** Below the words of an item. */
function indented(block: Block): readonly string[] {
  return ['.RS', ...render(block), '.RE'];
}

/** Running text; what is in backticks is bold. */
function flow(text: string): string {
  return line(text).replaceAll(/`([^`]*)`/g, (_match, code: string) => `\\fB${code}\\fR`);
}

/** A line that begins with a dot or an apostrophe would be a request. */
function line(text: string): string {
  const escaped = typed(text);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function quoted(text: string): string {
  return `"${typed(text).replaceAll('"', '\\(dq')}"`;
}

/** groff_char(7): a bare hyphen may become a typographic one, which cannot be copied into a shell; and what is not ASCII is named. */
function typed(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[^\t\n\x20-\x7e]/gu, character => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`);
}
