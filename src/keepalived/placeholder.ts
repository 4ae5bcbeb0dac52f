// Places in a template that were to be filled in: {{ x }}, ${X}, <X>, @@X@@. Such a file is not a configuration yet.
// Must not know files, nor what the lines mean.

/** Lines with a command: shells use some of these characters themselves. */
const COMMAND = /^(script|notify\w*|misc_path|quorum_(up|down)|(startup|shutdown)_script|\w*fifo_script)\b/;

/** Of every line. keepalived itself has no use for any of them. */
const ANYWHERE: readonly RegExp[] = [
  /\{\{.*?(\}\}|$)/,
  /\{%.*?(%\}|$)/,
  /<%.*?(%>|$)/,
  /@@\w+@@/,
  /%%\w+%%/,
  /(?<![\w-])__[A-Z][A-Z0-9_]*__(?![\w-])/,
];
/** Of those without a command. */
const ELSEWHERE: readonly RegExp[] = [/\$\{[^}]*\}?/, /(?<![^\s/:])\$[A-Za-z_]\w*/, /<[^<>]*>/, /(?<!\S)@\w+@(?!\S)/, /%[A-Z][A-Z0-9_]*%/];
/** And of commands, unless a shell reads them. */
const IN_COMMANDS: readonly RegExp[] = [/\$\{[A-Za-z_]\w*\}/, /<-*[A-Z][A-Z0-9_ -]*>/];

/** @param text a line without its comment, after all definitions are put in
 *  @returns the first placeholder as it stands there; null: none */
export function placeholderIn(text: string): string | null {
  if (!/[{<$@%_]/.test(text)) return null;
  const more = !COMMAND.test(text) ? ELSEWHERE : /\b(ba|da|z|k)?sh\b.*-c\b/.test(text) ? [] : IN_COMMANDS;
  for (const pattern of [...ANYWHERE, ...more]) {
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return found;
  }
  return null;
}
