// What an answer of a web server is worth: status, body, fields of a JSON body, and how long it took. Pure.
// Must not know connections, certificates, nor how an answer is read.
import type { Micros } from '../vrrp/units.ts';
import type { HttpProbe, Range, Seen, Trouble } from './probe.ts';
import type { Matcher } from './regex.ts';
import { limitWords, oneLine, tookWords } from './words.ts';

/** As much of a body as is read; in bytes. */
export const MOST_BODY = 1 << 16;

/** Of a stranger's words, in characters. */
const LONGEST = 60;

export interface HttpAnswer {
  readonly status: number;
  /** Where a redirection leads; it is not followed. */
  readonly location: string | null;
  /** Empty where nobody looks at it. */
  readonly body: string;
  /** There was more, and it was not read. */
  readonly cut: boolean;
  /** From the beginning of the look to the end of the answer. */
  readonly took: Micros;
}

/** Whether the body is looked at, not only waited for. */
export function wantsBody({ body, bodyRegex, json }: HttpProbe): boolean {
  return body !== null || bodyRegex !== null || Object.keys(json).length > 0;
}

/** @param regex of the probe, compiled; why that cannot be done; or null where it has none */
export function judgeAnswer(probe: HttpProbe, regex: Matcher | string | null, answer: HttpAnswer): Seen {
  const bad = (trouble: Trouble, why: string): Seen => ({ trouble, seen: `HTTP ${answer.status}${why}` });
  if (!probe.status.some(({ from, to }) => answer.status >= from && answer.status <= to)) {
    const leads = answer.location === null ? '' : ` to ${oneLine(answer.location, LONGEST)}`;
    return bad('unexpected', `${leads}, wanted ${rangeWords(probe.status)}`);
  }
  const where = answer.cut ? `the first ${MOST_BODY / 1024} KiB of the body` : 'the body';
  if (probe.body !== null && !answer.body.includes(probe.body)) return bad('unexpected', `, but "${probe.body}" is not in ${where}`);
  if (typeof regex === 'string') return bad('unexpected', `, but the regular expression cannot be used: ${regex}`);
  if (regex !== null && !regex(answer.body)) return bad('unexpected', `, but ${where} does not match ${probe.bodyRegex}`);
  const wrong = wrongField(probe.json, answer);
  if (wrong !== null) return bad('unexpected', `, but ${wrong}`);
  const took = ` in ${tookWords(answer.took)}`;
  if (probe.maxLatency !== null && answer.took > probe.maxLatency) return bad('slow', `${took}, more than ${limitWords(probe.maxLatency)}`);
  return { trouble: null, seen: `HTTP ${answer.status}${took}` };
}

/** The status came, and the rest did not. */
export function lateBodySeen(status: number, timeout: Micros): Seen {
  return { trouble: 'timeout', seen: `HTTP ${status}, but the body did not end within ${limitWords(timeout)}` };
}

/** The connection is there, and that is all.
 *  @param step that was not finished */
export function silentSeen(step: 'handshake' | 'answer', timeout: Micros): Seen {
  const what = step === 'handshake' ? 'no TLS handshake' : 'no answer';
  return { trouble: 'timeout', seen: `connected, but ${what} within ${limitWords(timeout)}` };
}

/** What came is no HTTP.
 *  @param reason as the parser has it
 *  @param bytes with which it began, as Latin-1; empty when they are not known */
export function foreignSeen(reason: string, bytes: string): Seen {
  // A TLS record with an alert: RFC 8446 §5.1.
  if (bytes.startsWith('\x15\x03')) return { trouble: 'protocol', seen: 'the server wants TLS: write https: in the URL' };
  const said = oneLine(bytes, LONGEST);
  return { trouble: 'protocol', seen: `that is no answer in HTTP (${reason})${said === '' ? '' : `: ${said}`}` };
}

function rangeWords(ranges: readonly Range[]): string {
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** @returns the first field that is not as it should be, or null */
function wrongField(wanted: HttpProbe['json'], { body, cut }: HttpAnswer): string | null {
  const fields = Object.entries(wanted);
  if (fields.length === 0) return null;
  if (cut) return `the body has more than ${MOST_BODY / 1024} KiB, too much to be read as JSON`;
  const root = parse(body);
  if (root === undefined) return 'the body is not JSON';
  for (const [path, value] of fields) {
    const found = fieldOf(root, path);
    if (found === undefined) return `there is no ${path} in the body`;
    if (found !== value) return `${path} is ${oneLine(JSON.stringify(found), LONGEST)}, not ${JSON.stringify(value)}`;
  }
  return null;
}

/** @returns undefined, which is not in JSON, when that is none */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param path keys and indices with dots between them */
function fieldOf(root: unknown, path: string): unknown {
  let at = root;
  for (const key of path.split('.')) {
    // Only what came, nothing that every object has.
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
