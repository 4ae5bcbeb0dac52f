// A manual page as a value: what it says, not how it looks.
// Must not know roff, nor where the words come from.

export interface Page {
  readonly name: string;
  readonly section: 5 | 8;
  /** Half a sentence for whatis(1). */
  readonly about: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'subheading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  /** As it is, line by line. */
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'items'; readonly items: readonly Item[] };

export interface Item {
  readonly term: string;
  readonly blocks: readonly Block[];
}

export function heading(text: string): Block {
  return { kind: 'heading', text };
}

export function subheading(text: string): Block {
  return { kind: 'subheading', text };
}

/** Words in backticks are shown as what one types. */
export function text(...sentences: readonly string[]): Block {
  return { kind: 'text', text: sentences.join(' ') };
}

export function literal(lines: string): Block {
  return { kind: 'literal', text: lines };
}

export function items(list: readonly Item[]): Block {
  return { kind: 'items', items: list };
}
