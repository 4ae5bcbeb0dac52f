// `holdfast check`: every mistake in a configuration, at once, or one line that says that there is none.
// Must not know how mistakes are found (src/config), nor ask the daemon anything.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import type { Diagnostic, Span } from '../config/diagnostic.ts';
import type { Loaded } from '../config/load.ts';
import { DEFAULT_CONFIG } from './defaults.ts';
import { EXIT } from './exit.ts';
import { type Examined, examine, interfacesHere } from './files.ts';

/** Where the verb writes: data to stdout, talk to stderr. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const OPTIONS = {
  /** Check as this machine; by default, this one. */
  node: { type: 'string' },
  /** Warnings fail too. */
  strict: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  /** This is the machine: an interface that is missing here is worth a warning. */
  system: { type: 'boolean', default: false },
} as const;

/** Checks each file, with its drop-ins, as a configuration of its own.
 *  @returns exit code: 0 when all can be run, 78 when not, 2 for a call that makes no sense */
export async function check(argv: readonly string[], output: Output = process): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  if (values.node === '') {
    output.stderr.write('holdfast: --node needs the name of a machine\n');
    return EXIT.usage;
  }
  const node = values.node ?? hostname();
  // Interfaces say something about the configuration of this machine only.
  const interfaces = values.system || node === hostname() ? await interfacesHere() : null;
  const absent = values.system ? 'warn' : 'ignore';
  const results: Result[] = [];
  for (const path of positionals.length === 0 ? [DEFAULT_CONFIG] : positionals) {
    const examined = await examine(path, node, interfaces, absent);
    const errors = count(examined, 'error');
    const warnings = count(examined, 'warning');
    const notes = count(examined, 'note');
    results.push({ path, ...examined, errors, warnings, notes, good: errors === 0 && !(values.strict && warnings > 0) });
  }
  if (values.json) output.stdout.write(`${JSON.stringify({ schema: 1, configurations: results.map(report) }, null, 2)}\n`);
  else for (const result of results) tell(result, output);
  return results.every(result => result.good) ? EXIT.done : EXIT.configuration;
}

interface Result extends Omit<Examined, 'warnings'> {
  readonly path: string;
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly good: boolean;
}

function tell(result: Result, output: Output): void {
  const { path, loaded, errors, warnings, notes, good } = result;
  output.stderr.write(result.report);
  const found = [plural(errors, 'error'), plural(warnings, 'warning')].filter(words => !words.startsWith('0 '));
  const noted = notes > 0 ? [plural(notes, 'note')] : [];
  if (good) output.stdout.write(`${path}: ${['ok', summary(loaded), ...found, ...noted].join(', ')}\n`);
  else output.stderr.write(`${path}: ${found.join(', ')}${errors === 0 ? ', which --strict does not let pass' : ''}\n`);
}

function summary({ machine: { routers, checks, watchdogs }, node, named }: Loaded): string {
  const names = routers.map(router => router.name).join(', ');
  return [
    routers.length === 0 ? 'no virtual router' : `${plural(routers.length, 'virtual router')} (${names})`,
    ...(checks.length > 0 ? [plural(checks.length, 'check')] : []),
    ...(watchdogs.length > 0 ? [plural(watchdogs.length, 'watchdog')] : []),
    `node ${node}${named === false ? ' without a table of its own' : ''}`,
  ].join(', ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function count({ diagnostics }: Examined, severity: Diagnostic['severity']): number {
  return diagnostics.filter(diagnostic => diagnostic.severity === severity).length;
}

/** Schema 1 of one configuration. */
function report({ path, loaded, diagnostics, good }: Result): unknown {
  return {
    file: path,
    ok: good,
    node: loaded.node,
    routers: loaded.machine.routers.map(({ name }) => name),
    checks: loaded.machine.checks.map(({ name }) => name),
    watchdogs: loaded.machine.watchdogs.map(({ name }) => name),
    diagnostics: diagnostics.map(({ code, severity, message, file, span, label = null, hint = null, related = [] }) => ({
      code,
      severity,
      message,
      file,
      span: reportSpan(span),
      label,
      hint,
      related: related.map(other => ({ message: other.message, file: other.file, span: reportSpan(other.span) })),
    })),
  };
}

function reportSpan(span: Span | null): unknown {
  return span === null ? null : { line: span.line, column: span.column, end_line: span.endLine, end_column: span.endColumn };
}
