// The bytes of one file as text, or why they are none.
// Must not know what the text means, nor where the bytes come from.
import type { Code, Span } from './diagnostic.ts';
import { characters } from './locate.ts';

/** Why a file cannot be used at all. */
export interface Failure {
  readonly code: Extract<Code, 'file-missing' | 'file-unreadable' | 'file-too-large' | 'not-utf8'>;
  readonly message: string;
  readonly hint?: string;
  readonly span: Span | null;
}

/** One file of a configuration. */
export interface Source {
  /** The path as the operator knows it. */
  readonly file: string;
  /** As far as it could be read; what is no text is U+FFFD. */
  readonly text: string;
  readonly failure?: Failure;
}

/** No larger file is read: a configuration has a few hundred lines, and this is most likely something else. */
export const MAX_BYTES = 1_048_576;

export const TOO_LARGE: Failure = {
  code: 'file-too-large',
  message: 'the file is larger than 1 MiB',
  hint: 'is this a configuration file?',
  span: null,
};

/** Reads UTF-8, with or without a byte order mark.
 *  @param bytes the whole file, or more than `MAX_BYTES` of it */
export function decode(file: string, bytes: Uint8Array): Source {
  if (bytes.length > MAX_BYTES) return { file, text: '', failure: TOO_LARGE };
  const text = new TextDecoder().decode(bytes);
  // Only a text with a replacement character in it can have been invalid.
  if (!text.includes(REPLACEMENT) || isUtf8(bytes)) return { file, text };
  const [first, second] = bytes;
  const wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const hint = wide ? 'this looks like UTF-16; save it as UTF-8' : 'save it as UTF-8';
  return { file, text, failure: { code: 'not-utf8', message: 'the file is not UTF-8 text', hint, span: wide ? null : firstIn(text) } };
}

const REPLACEMENT = '\ufffd';

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function firstIn(text: string): Span {
  const lines = text.slice(0, text.indexOf(REPLACEMENT)).split('\n');
  const before = lines.slice(-1).join();
  const column = characters(before, before.length) + 1;
  return { line: lines.length, column, endLine: lines.length, endColumn: column + 1 };
}
