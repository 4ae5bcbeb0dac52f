// `holdfast check`: every mistake in a configuration, at once, or one line that says that there is none.
// Must not know how mistakes are found (src/config, src/proof).
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { fetchStatus, NotReachable } from '../api/client.ts';
import { latenessAt } from '../api/status.ts';
import type { Span } from '../config/diagnostic.ts';
import { inOrder, resolve } from '../config/finding.ts';
import { lint, tooShort } from '../config/lint.ts';
import type { Loaded } from '../config/load.ts';
import type { Case, Proof } from '../proof/prove.ts';
import { caseWords, proofLines, titleOf } from '../proof/words.ts';
import { type Micros, micros } from '../vrrp/units.ts';
import { lookAround } from './check-machine.ts';
import { DEFAULT_CONFIG, DEFAULT_SOCKET } from './defaults.ts';
import { EXIT } from './exit.ts';
import { type Examined, examine, interfacesHere, show } from './files.ts';
import { proveAll } from './proof.ts';

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
  /** Show who serves in each combination of failures; several files imply it. */
  prove: { type: 'boolean', default: false },
  /** This is the machine: an interface that is missing here is worth a warning. */
  system: { type: 'boolean', default: false },
  /** Whom to ask how late this machine is. */
  socket: { type: 'string', default: DEFAULT_SOCKET },
} as const;

/** Checks each file, with its drop-ins, as a configuration of its own; then what the machines of all of them make together.
 *  @returns exit code: 0 when all can be run, 78 when not, 2 for a call that makes no sense */
export async function check(argv: readonly string[], output: Output = process): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  if (values.node === '') {
    output.stderr.write('holdfast: --node needs the name of a machine\n');
    return EXIT.usage;
  }
  const paths = positionals.length === 0 ? [DEFAULT_CONFIG] : [...new Set(positionals)];
  const examined = [];
  for (const path of paths) examined.push({ path, ...(await examineAs(path, values, paths.length > 1)) });
  const proved = proveAll(examined);
  const late = values.system ? await latenessHere(values.socket) : null;
  const results: Result[] = [];
  for (const each of examined) {
    const { path, loaded } = each;
    const slow = late === null ? [] : tooShort(loaded.machine, late);
    const advice = [...lint(loaded.machine), ...slow, ...(proved?.findings ?? [])].filter(({ place }) => each.texts.has(place.source.file));
    const diagnostics = inOrder([...each.diagnostics, ...(await resolve(advice))]);
    const [errors = 0, warnings = 0, notes = 0] = SEVERITIES.map(
      severity => diagnostics.filter(found => found.severity === severity).length,
    );
    const good = errors === 0 && !(values.strict && warnings > 0);
    results.push({ path, loaded, diagnostics, report: show(diagnostics, each.texts), errors, warnings, notes, good });
  }
  const [own] = examined.length === 1 && values.node === undefined ? examined : [];
  const machine = values.system && own !== undefined && own.loaded.plan !== null ? await lookAround(own.loaded.plan) : [];
  const proofs = values.prove || paths.length > 1 ? (proved?.proofs ?? []) : [];
  if (values.json) output.stdout.write(`${JSON.stringify(document(results, proofs, machine), null, 2)}\n`);
  else {
    for (const result of results) tell(result, output);
    for (const line of machine) output.stderr.write(`this machine: ${line}\n`);
    for (const proof of proofs) output.stdout.write(`\n${proofLines(proof).join('\n')}\n`);
    if (values.prove && proved === null)
      output.stderr.write('holdfast: nothing to prove: name the files of all machines, without errors\n');
  }
  return results.every(result => result.good) ? EXIT.done : EXIT.configuration;
}

const SEVERITIES = ['error', 'warning', 'note'] as const;

interface Asked {
  readonly node?: string | undefined;
  readonly system: boolean;
}

/** Interfaces say something about the configuration of this machine only.
 *  @param anyone whether the file may be for other machines only, of which the first will do then */
async function examineAs(path: string, { node, system }: Asked, anyone: boolean): Promise<Examined> {
  const self = node ?? hostname();
  const interfaces = system || self === hostname() ? await interfacesHere() : null;
  const examined = await examine(path, self, interfaces, system ? 'warn' : 'ignore');
  const [other] = examined.loaded.machines.keys();
  if (!anyone || node !== undefined || examined.loaded.named !== false || other === undefined) return examined;
  return examine(path, other, null, 'ignore');
}

/** How late the engine that runs here is now and then; null when none runs. */
async function latenessHere(socket: string): Promise<Micros | null> {
  try {
    const late = latenessAt((await fetchStatus(socket)).lateness, 0.999);
    return late === null ? null : micros(late);
  } catch (error) {
    if (error instanceof NotReachable) return null;
    throw error;
  }
}

interface Result extends Pick<Examined, 'loaded' | 'diagnostics' | 'report'> {
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

/** Schema 1. */
function document(results: readonly Result[], proofs: readonly Proof[], machine: readonly string[]): unknown {
  const extra = { ...(proofs.length > 0 ? { proofs: proofs.map(reportProof) } : {}), ...(machine.length > 0 ? { machine } : {}) };
  return { schema: 1, configurations: results.map(report), ...extra };
}

function reportProof({ group, combinations, played, simple, nobody, both }: Proof): unknown {
  const cases = (all: readonly Case[]) =>
    all.map(each => ({ failed: caseWords(group, each), holders: each.holders.map(list => list.map(index => group[index]?.machine)) }));
  return {
    router: titleOf(group),
    machines: group.map(({ machine }) => machine),
    combinations,
    played,
    single_failures: cases(simple),
    nobody: cases(nobody),
    several: cases(both),
  };
}

/** One configuration. */
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
