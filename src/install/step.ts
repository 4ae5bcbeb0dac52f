// The steps that an install and an uninstall are made of, as values. Their order is part of the contract.
// Must not know how one is done, nor why it is wanted (plan.ts).

/** Where the bytes of a file come from: the executable that runs, an asset of it, or the text itself. */
export type Content =
  | { readonly is: 'self' }
  | { readonly is: 'asset'; readonly name: string }
  | { readonly is: 'text'; readonly text: string };

export interface Wanted {
  readonly path: string;
  readonly mode: number;
  readonly sha256: string;
  readonly content: Content;
}

export type Step =
  /** With its parents; those that were made are remembered. */
  | { readonly do: 'folder'; readonly path: string; readonly mode: number }
  /** Replaces by rename(2). `keep`: where what was there goes on to be found; null: nothing was. */
  | { readonly do: 'write'; readonly wanted: Wanted; readonly keep: string | null; readonly replaces: boolean }
  | { readonly do: 'link'; readonly path: string; readonly target: string }
  | { readonly do: 'remove'; readonly path: string }
  /** Only if nothing is in it. */
  | { readonly do: 'remove-folder'; readonly path: string }
  | { readonly do: 'remove-tree'; readonly path: string }
  /** `must`: the rest makes no sense without it. */
  | { readonly do: 'run'; readonly argv: readonly string[]; readonly words: string; readonly must: boolean }
  /** firewalld, both for good and now, so that no reload is needed, which would drop what others have set for now. */
  | { readonly do: 'open-zone' | 'close-zone'; readonly zone: string }
  /** Other machines are to serve; those that nobody takes stay. `restarts`: this one comes back. */
  | { readonly do: 'hand-over'; readonly restarts: boolean }
  | { readonly do: 'start' }
  /** A failure puts back what this run has replaced, and starts that. */
  | { readonly do: 'restart' }
  /** Takes back what `hand-over` ordered. */
  | { readonly do: 'take-back' }
  | { readonly do: 'stop' };

export interface Plan {
  readonly steps: readonly Step[];
  /** What is there already, byte for byte as it would be written, by an install that was cut off or by hand: it is ours from now on. */
  readonly adopted: Readonly<Record<string, string>>;
  /** What the operator must know, or do by hand; they hold whether there are steps or not. */
  readonly notes: readonly string[];
}
