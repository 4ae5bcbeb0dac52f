// Plain values to TOML, for the configurations that the laboratory writes. Pure.
// Must not know what the values mean.

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** `[HEAD]` with its settings, one a line. */
export function formatTable(head: readonly string[], settings: Readonly<Record<string, Value>>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${formatKey(key)} = ${formatValue(value)}`);
  return [`[${head.map(formatKey).join('.')}]`, ...lines, ''].join('\n');
}

export function formatValue(value: Value): string {
  if (typeof value === 'string') return formatText(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${formatKey(key)} = ${formatValue(each)}`)
    .join(', ')} }`;
}

function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatText(key);
}

/** TOML's basic strings have the escapes of JSON, and one control character more that must be one. */
function formatText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
