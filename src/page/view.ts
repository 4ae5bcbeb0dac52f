// What the page shows, as plain texts and marks: the same for the first paint and for each update.
// Must not know HTML, nor how anything is known.

export type Tone = 'good' | 'bad' | 'plain';
/** How a virtual router stands, as a colour; `unknown`: nobody knows, so no state is shown. */
export type Light = 'initialize' | 'backup' | 'active' | 'leaving' | 'fault' | 'unknown';

export interface Notice {
  readonly level: 'error' | 'warning';
  readonly text: string;
}

/** A stretch of the past in one state. */
export interface Stretch {
  readonly light: Light;
  /** 0..1 of the time that is shown. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface RouterView {
  readonly name: string;
  readonly family: string;
  readonly light: Light;
  readonly since: string;
  /** Who serves, since when, and why. */
  readonly sentence: string;
  readonly notices: readonly Notice[];
  readonly lines: readonly string[];
  readonly past: readonly Stretch[];
  /** Where the time that is shown begins and ends. */
  readonly span: readonly [from: string, to: string];
  /** The newest first. */
  readonly changes: readonly { readonly at: string; readonly text: string }[];
}

export interface TableView {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly tone: Tone; readonly cells: readonly string[] }[];
}

export interface View {
  readonly node: string;
  /** When it was so, as people read it. */
  readonly at: string;
  /** Since when the engine is silent and what that means; null: it answers. */
  readonly silence: string | null;
  /** The whole machine in a word or two, and its colour. */
  readonly title: string;
  readonly light: Light;
  readonly notices: readonly Notice[];
  readonly routers: readonly RouterView[];
  /** Routers that the page has no room for, in words; null: it shows all. */
  readonly more: string | null;
  readonly tables: readonly TableView[];
  readonly foot: readonly string[];
}
