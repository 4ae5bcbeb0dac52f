// What the control socket answers to a reload and to its confirmation, schema 1: names and units are a contract.
// Must not know sockets, plans or how a change is worded.

export interface ReloadReport {
  readonly schema: 1;
  /** `busy`: the reload before waits for its confirmation. `silent`: the engine does not answer. */
  readonly outcome: 'applied' | 'unchanged' | 'planned' | 'invalid' | 'busy' | 'silent';
  /** What changes or would change; null where nothing was compared. */
  readonly changes: ChangesReport | null;
  /** Routers of the new configuration that do not run. */
  readonly refused: readonly { readonly router: string; readonly reason: string; readonly message: string }[];
  /** How many errors the files have, and the first of them; null: none. */
  readonly problem: { readonly errors: number; readonly first: string } | null;
  /** Every diagnostic of the files for people, warnings too; may be empty. */
  readonly report: string;
  /** RFC 3339: the configuration before runs again then unless this is confirmed; null: nothing waits. */
  readonly confirm_by: string | null;
}

export interface ChangesReport {
  /** `NAME/FAMILY` */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly {
    readonly router: string;
    /** One for each setting, such as `priority 100 -> 150`. */
    readonly settings: readonly string[];
    /** It leaves in order and starts anew; else it is changed while it runs. */
    readonly restarts: boolean;
  }[];
  readonly unchanged: number;
  /** All of it for people. */
  readonly lines: readonly string[];
}

export interface ConfirmReport {
  readonly schema: 1;
  readonly outcome: 'confirmed' | 'nothing-to-confirm' | 'silent';
}

/** What is asked of a reload. */
export interface ReloadRequest {
  readonly dryRun: boolean;
  /** 1000..3600000 ms; null: nobody needs to confirm. */
  readonly confirmMs: number | null;
}

/** How long a change may wait for its confirmation. */
export const CONFIRM_MS = { least: 1_000, most: 3_600_000 } as const;

/** Reads `dry_run=true&confirm_ms=60000`, in any order, each at most once.
 *  @param query what follows the question mark
 *  @returns a sentence for what makes no sense */
export function readReloadQuery(query: string): ReloadRequest | string {
  const values = new URLSearchParams(query);
  for (const name of values.keys()) {
    if (name !== 'dry_run' && name !== 'confirm_ms') return `there is no parameter ${JSON.stringify(name)}`;
    if (values.getAll(name).length > 1) return `${name} is given twice`;
  }
  const dryRun = values.get('dry_run') ?? 'false';
  if (dryRun !== 'true' && dryRun !== 'false') return 'dry_run must be true or false';
  const confirm = values.get('confirm_ms');
  if (confirm === null) return { dryRun: dryRun === 'true', confirmMs: null };
  if (dryRun === 'true') return 'a dry run changes nothing that could be confirmed';
  const confirmMs = /^\d{1,9}$/.test(confirm) ? Number(confirm) : Number.NaN;
  if (!(confirmMs >= CONFIRM_MS.least && confirmMs <= CONFIRM_MS.most)) {
    return `confirm_ms must be a whole number from ${CONFIRM_MS.least} to ${CONFIRM_MS.most}`;
  }
  return { dryRun: false, confirmMs };
}
