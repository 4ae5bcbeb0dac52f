// What a command is meant to find out: whether a process runs, a unit is active, a port is open, nginx is to be brought back; or
// anything else. Must not know checks, nor touch a file: whoever asks brings what the machine has.
import { splitCommand } from './words.ts';

/** What the importer may know of the machine. */
export interface Surroundings {
  /** The text of a small file, such as a script; null: not readable. */
  text(path: string): string | null;
  /** Where a program is that has no path; null: nowhere. */
  program(name: string): string | null;
}

export type Purpose =
  | { readonly asks: 'process'; readonly name: string }
  | { readonly asks: 'pid-file'; readonly path: string }
  | { readonly asks: 'unit'; readonly unit: string }
  | { readonly asks: 'tcp'; readonly host: string; readonly port: number }
  | { readonly asks: 'nginx'; readonly start: string | null; readonly url: string }
  | { readonly asks: 'program'; readonly run: readonly string[]; readonly changes: readonly string[] };

/** Two shells deep is deeper than anybody goes. */
const DEEPEST = 3;

/** @param command as keepalived has it, one line
 *  @returns null when it cannot be split into words */
export function purposeOf(command: string, surroundings: Surroundings, depth = 0): Purpose | null {
  const argv = splitCommand(command, true);
  const [first, ...rest] = argv ?? [];
  if (first === undefined) return null;
  const known = pidFile(command) ?? socket(command) ?? asked(baseOf(first), rest);
  if (known !== null) return known;
  const script = shellScript(first, rest);
  if (script?.inline !== undefined && depth < DEEPEST) {
    const inner = purposeOf(script.inline, surroundings, depth + 1);
    if (inner !== null && inner.asks !== 'program') return inner;
  }
  const text = script?.inline ?? surroundings.text(script?.path ?? first);
  const nginx = text === null ? null : nginxScript(text);
  if (nginx !== null) return nginx;
  return { asks: 'program', ...programOf(command, argv ?? [], surroundings) };
}

/** A command as it is to be run. @param argv its words */
export function programOf(
  command: string,
  [first = '', ...rest]: readonly string[],
  surroundings: Surroundings,
): { readonly run: readonly string[]; readonly changes: readonly string[] } {
  if (isForShell(command)) {
    const shell = /\[\[|\/dev\/tcp\/|<\(|&>/.test(command) ? '/bin/bash' : '/bin/sh';
    return {
      run: [shell, '-c', command],
      changes: ['a shell reads it, as before keepalived 2.0: keepalived 2 starts the first word alone'],
    };
  }
  const { path, changes } = fullPath(first, surroundings);
  return { run: [path, ...rest], changes };
}

/** A program by its full path. */
function fullPath(program: string, surroundings: Surroundings): { readonly path: string; readonly changes: readonly string[] } {
  if (program.startsWith('/')) return { path: program, changes: [] };
  const found = surroundings.program(program);
  const path = found ?? `/usr/bin/${baseOf(program)}`;
  return { path, changes: [`programs have their full path here${found === null ? `: is it ${path}?` : ''}`] };
}

function baseOf(path: string): string {
  return path.replace(/^.*\//s, '');
}

/** Outside of quotes; a shell that is named reads what is in them. */
function isForShell(command: string): boolean {
  const bare = command.replaceAll(/'[^']*'/g, '');
  return /[|&;<>`]|\$\(|^\s*\[\s|^\s*(if|for|while|test)\s/.test(bare) && !/^\s*\S*\b(ba|da|z|k)?sh\s+-\w*c\b/.test(command);
}

const SHELLS = /^(ba|da|z|k)?sh$/;

function shellScript(program: string, args: readonly string[]): { readonly inline?: string; readonly path?: string } | null {
  if (!SHELLS.test(baseOf(program))) return null;
  const at = args.findIndex(arg => !arg.startsWith('-') || /^-\w*c$/.test(arg));
  const found = args[at];
  if (found === undefined) return null;
  if (!found.startsWith('-')) return { path: found };
  const inline = args[at + 1];
  return inline === undefined ? null : { inline };
}

/** Linux keeps 15 bytes of the name of a process. */
const NAME = /^[\w.+@-]{1,64}$/;

function asked(program: string, args: readonly string[]): Purpose | null {
  const flags = args.filter(arg => arg.startsWith('-'));
  const [name, ...others] = args.filter(arg => !arg.startsWith('-') && arg !== '>/dev/null' && arg !== '2>&1' && arg !== '&>/dev/null');
  const signals = flags.filter(flag => /^-(0|s0|SIG0)$/.test(flag)).length;
  const only = (...allowed: readonly string[]): boolean => flags.every(flag => allowed.includes(flag));
  const oneProcess = (): Purpose | null => {
    if (name === undefined || others.length > 0 || !NAME.test(baseOf(name))) return null;
    return { asks: 'process', name: baseOf(name) };
  };
  switch (program) {
    case 'killall':
      return signals === 1 && only('-0', '-q', '-e', '-w') ? oneProcess() : null;
    case 'pkill':
      return signals === 1 && only('-0', '-x') ? oneProcess() : null;
    case 'pidof':
      return only('-s', '-q') ? oneProcess() : null;
    case 'pgrep':
      return only('-x', '-q', '-o', '-n', '-l', '-c') ? oneProcess() : null;
    case 'systemctl': {
      const verb = name ?? '';
      const [unit, ...more] = others;
      if (!/^(is-active|status)$/.test(verb) || unit === undefined || more.length > 0 || !only('-q', '--quiet', '--no-pager')) return null;
      return { asks: 'unit', unit: /\.[a-z]+$/.test(unit) ? unit : `${unit}.service` };
    }
    case 'service':
      return others.length === 1 && others[0] === 'status' && NAME.test(name ?? '') ? { asks: 'unit', unit: `${name}.service` } : null;
    case 'nc': {
      const [port, ...more] = others;
      if (more.length > 0 || !flags.some(flag => /^-\w*z/.test(flag)) || flags.some(flag => /[ulp]/.test(flag))) return null;
      return tcp(name, port);
    }
    default:
      return null;
  }
}

function tcp(host: string | undefined, port: string | undefined): Purpose | null {
  const number = Number(port);
  if (host === undefined || !/^[\w.:-]+$/.test(host) || !Number.isInteger(number) || number < 1 || number > 65_535) return null;
  return { asks: 'tcp', host, port: number };
}

/** `kill -0 $(cat /run/nginx.pid)` */
function pidFile(command: string): Purpose | null {
  const [, quoted, inner] =
    /^\s*(?:\/\S*\/)?kill\s+-0\s+"?(?:`\s*cat\s+([^\s`]+)\s*`|\$\(\s*(?:cat|<)\s*([^\s)]+)\s*\))"?\s*$/.exec(command) ?? [];
  const path = quoted ?? inner;
  return path?.startsWith('/') === true ? { asks: 'pid-file', path } : null;
}

/** `</dev/tcp/127.0.0.1/80` */
function socket(command: string): Purpose | null {
  const [, host, port] = /^\s*(?:exec\s+\d*)?<\s*\/dev\/tcp\/([\w.:-]+)\/(\d+)\s*$/.exec(command) ?? [];
  return tcp(host, port);
}

const ASKS =
  /(ps\s[^\n]*nginx|pidof\s[^\n]*nginx|pgrep\s[^\n]*nginx|killall\s+-0\s+nginx|systemctl\s+(status|is-active)[^\n]*nginx|curl\s|wget\s|nc\s|netstat\s|\bss\s)/;
const STARTS =
  /systemctl\s+(re)?start\s+nginx|service\s+nginx\s+(re)?start|\/etc\/init\.d\/nginx\s+(re)?start|^\s*(?:\/\S*\/)?nginx\s*(?:-c\s+\S+\s*)?(?:;|&&|\|\||$)/m;
const STOPS_KEEPALIVED =
  /systemctl\s+(stop|kill)\s+keepalived|service\s+keepalived\s+stop|\/etc\/init\.d\/keepalived\s+stop|(pkill|killall)\s+(-\w+\s+)*keepalived|kill\s[^\n]*keepalived/;

/** The script of a thousand tutorials: is nginx there, start it, is it there now, stop keepalived. */
function nginxScript(text: string): Purpose | null {
  const code = text.replaceAll(/^\s*#.*$/gm, '').replaceAll(/\bthen\b|\bdo\b/g, '\n');
  if (!/\bnginx\b/.test(code) || !ASKS.test(code) || !(STARTS.test(code) || STOPS_KEEPALIVED.test(code))) return null;
  const [, own] = /^\s*(\/\S*\/nginx)\s*(?:-c\s+\S+\s*)?(?:;|&&|\|\||$)/m.exec(code) ?? [];
  const [url = 'http://127.0.0.1/'] = /\bhttps?:\/\/[\w.:/?=%&-]+/.exec(code) ?? [];
  return { asks: 'nginx', start: own ?? null, url: /^https?:\/\/[^/]+$/.test(url) ? `${url}/` : url };
}
