// Every verb with its options, once: the usage and holdfast(8) are made of it.
// Must not know what a verb does, nor how either looks.

export interface VerbManual {
  readonly name: string;
  /** What may stand behind the verb, one line for each way to call it. */
  readonly synopsis: readonly string[];
  /** Half a sentence, for a list. */
  readonly summary: string;
  /** The rest, in sentences. */
  readonly details?: string;
  readonly options: readonly OptionManual[];
}

export interface OptionManual {
  /** As it is typed: `--for TIME`. */
  readonly flag: string;
  readonly text: string;
}

const SOCKET: OptionManual = {
  flag: '--socket PATH',
  text: 'Control socket of the daemon that is asked, by default /run/holdfast/control.sock.',
};
const JSON_OUTPUT: OptionManual = { flag: '--json', text: 'One JSON document on standard output; `schema` says which form it has.' };
const FORCE = 'what is ordered even if nobody could serve then';
const LASTING: readonly OptionManual[] = [
  { flag: '--for TIME', text: 'Take it back by itself after that time: "30s", "10m", "1h".' },
  { flag: '--keep', text: 'Keep it over restarts of holdfast and of the machine.' },
];

export const VERBS: readonly VerbManual[] = [
  {
    name: 'run',
    synopsis: ['[--config FILE] [--socket PATH] [--node NAME]'],
    summary: 'hold virtual addresses; stays in the foreground',
    details:
      'Speaks VRRP for every virtual router of this machine, and looks after checks, watchdogs and hooks beside that. SIGHUP reads the ' +
      'configuration again, SIGTERM and SIGINT hand over and leave.',
    options: [
      { flag: '--config FILE', text: 'By default /etc/holdfast/holdfast.toml; the files of holdfast.d/*.toml beside it belong to it.' },
      { flag: '--socket PATH', text: 'Where to listen for the other verbs, by default /run/holdfast/control.sock.' },
      { flag: '--node NAME', text: 'Be this machine of the configuration, by default the host name.' },
    ],
  },
  {
    name: 'check',
    synopsis: ['[FILE...] [--node NAME] [--strict] [--system] [--prove] [--json] [--socket PATH]'],
    summary: 'find every mistake in a configuration; with several files, prove who serves when what fails',
    details:
      'Prints each mistake with its line and its cure, then one line that says whether the file can be used. Several files are those of several machines: every ' +
      'combination of failed checks and dead machines is played through, and those in which nobody or more than one would serve are listed.',
    options: [
      { flag: '--node NAME', text: 'Check as this machine, by default as the one that the command runs on.' },
      { flag: '--strict', text: 'Warnings fail too. Notes never do.' },
      { flag: '--system', text: 'Look at this machine as well: interfaces, credentials, and what is in the way of holdfast.' },
      { flag: '--prove', text: 'For one file with tables for several machines: show who serves in each combination of failures.' },
      JSON_OUTPUT,
      { flag: '--socket PATH', text: 'With --system: the daemon that is asked how late this machine is.' },
    ],
  },
  {
    name: 'status',
    synopsis: ['[--watch | --json] [--socket PATH]'],
    summary: 'who serves, and why; who else is heard',
    options: [{ flag: '--watch', text: 'A live view, until q or Ctrl-C.' }, JSON_OUTPUT, SOCKET],
  },
  {
    name: 'why',
    synopsis: ['[ROUTER...] [--json] [--socket PATH]'],
    summary: 'why the addresses are where they are, in a sentence and its chain',
    options: [JSON_OUTPUT, SOCKET],
  },
  {
    name: 'history',
    synopsis: ['[ROUTER] [--since TIME] [--json] [--socket PATH]'],
    summary: 'what happened, with its reason',
    details: 'Read from disk, so also when the daemon is dead.',
    options: [
      { flag: '--since TIME', text: 'Only the last "24h", or since an instant such as 2026-11-27T03:00:00Z.' },
      JSON_OUTPUT,
      SOCKET,
    ],
  },
  {
    name: 'reload',
    synopsis: ['[--dry-run] [--confirm TIME] [--socket PATH]'],
    summary: 'apply what changed in the configuration',
    details: 'What is not changed is not touched. A configuration with a mistake changes nothing.',
    options: [
      { flag: '--dry-run', text: 'Only say what would change.' },
      { flag: '--confirm TIME', text: 'Go back by itself after that time, unless `holdfast confirm` follows.' },
      SOCKET,
    ],
  },
  { name: 'confirm', synopsis: ['[--socket PATH]'], summary: 'keep what reload --confirm applied', options: [SOCKET] },
  {
    name: 'drain',
    synopsis: ['[ROUTER...] [--for TIME] [--keep] [--force] [--socket PATH]'],
    summary: 'let others serve, without losing a packet',
    options: [...LASTING, { flag: '--force', text: `Do ${FORCE}.` }, SOCKET],
  },
  {
    name: 'promote',
    synopsis: ['[ROUTER...] [--for TIME] [--keep] [--force] [--socket PATH]'],
    summary: 'serve here',
    options: [...LASTING, { flag: '--force', text: 'Do what is ordered even if checks say no.' }, SOCKET],
  },
  { name: 'resume', synopsis: ['[ROUTER...] [--socket PATH]'], summary: 'take back what was ordered', options: [SOCKET] },
  {
    name: 'announce',
    synopsis: ['[ROUTER...] [--socket PATH]'],
    summary: 'announce the addresses that are held here once more',
    options: [SOCKET],
  },
  {
    name: 'lab',
    synopsis: [
      'up [--nodes NUMBER | --config FILE FILE...] [--run-programs]',
      'break cable|power|freeze|nginx NODE',
      'heal [NODE]',
      'status [--json]',
      'watch',
      'down',
    ],
    summary: 'try it on this machine: nodes, a switch and a client in network namespaces',
    details:
      '`break` and `heal` tell what the client met with, who serves now, and why. `watch` is a live view, until q or Ctrl-C. `down` leaves nothing behind. Needs root; ' +
      'touches no interface and no address of this machine.',
    options: [
      { flag: '--nodes NUMBER', text: 'How many machines, by default 3.' },
      { flag: '--config FILE', text: 'A configuration of yours for each node, instead of one that is made up.' },
      { flag: '--run-programs', text: 'With --config: run the hooks and the services that it names.' },
      JSON_OUTPUT,
    ],
  },
  {
    name: 'install',
    synopsis: ['[--dry-run] [--root DIR] [--no-start]'],
    summary: 'put this executable and its unit in place, or upgrade them',
    details:
      'Opens protocol 112 in firewalld, and says what else this machine needs. To upgrade, run the new one: it checks the configuration, hands over, restarts, and ' +
      'goes back by itself when it does not start.',
    options: [
      { flag: '--dry-run', text: 'Only say what would be done.' },
      { flag: '--root DIR', text: 'Into the tree of a machine that does not run; nothing is started there.' },
      { flag: '--no-start', text: 'Neither enable nor start the service.' },
    ],
  },
  {
    name: 'uninstall',
    synopsis: ['[--dry-run] [--root DIR] [--purge]'],
    summary: 'hand over, and take away what install has put there',
    options: [
      { flag: '--dry-run', text: 'Only say what would be done.' },
      { flag: '--root DIR', text: 'In the tree of a machine that does not run.' },
      { flag: '--purge', text: 'The configuration, history and kept orders too.' },
    ],
  },
  {
    name: 'import',
    synopsis: ['FILE [--output FILE] [--config-id NAME] [--json]'],
    summary: 'translate a keepalived.conf, and say what became of each of its lines',
    details:
      'The configuration goes to standard output, the report to standard error. Exit status: 0 complete, 1 with losses, 78 impossible. Nothing is ' +
      'overwritten.',
    options: [
      { flag: '--output FILE', text: 'Write the configuration there, and each password into a file of its own beside it.' },
      { flag: '--config-id NAME', text: 'The machine that lines with @NAME are for.' },
      { ...JSON_OUTPUT, text: 'Configuration and report as one JSON document on standard output.' },
    ],
  },
  {
    name: 'manual',
    synopsis: ['[8 | 5 | schema]'],
    summary: 'print holdfast(8), holdfast.toml(5) or the JSON Schema of the configuration',
    details: 'The pages are for man(1): `holdfast manual 5 | man -l -`. The schema is for editors: `#:schema ./holdfast.schema.json`.',
    options: [],
  },
];

/** Each way to call a verb, as it is typed. */
export function callsOf({ name, synopsis }: VerbManual): readonly string[] {
  return synopsis.map(words => `holdfast ${name} ${words}`.trimEnd());
}

/** What a verb does, in sentences. */
export function sentencesOf({ summary, details }: VerbManual): readonly string[] {
  return [`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, ...(details === undefined ? [] : [details])];
}

/** Exit status of every verb. */
export const STATUSES: readonly (readonly [status: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [2, 'usage'],
  [3, 'daemon not reachable'],
  [78, 'configuration'],
];
