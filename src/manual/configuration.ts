// holdfast.toml(5), from the schema that also checks the file.
// Must not know single keys, nor how a page looks.
import { isTyped, typesWith } from '../config/check-schema.ts';
import type { Schema } from './json-schema.ts';
import { type Block, heading, type Item, items, literal, type Page, text } from './page.ts';

const EXAMPLE = `[vrrp.web]
interface = "eth0"
vrid = 51
addresses = ["192.0.2.200/24"]
track = ["nginx"]

[watchdog.nginx]
unit = "nginx.service"
probe = { type = "http", url = "http://127.0.0.1/" }

[node.edge-a.vrrp.web]
priority = 150
`;

/** @param schema of the whole file */
export function configurationPage(schema: Schema): Page {
  return {
    name: 'holdfast.toml',
    section: 5,
    about: 'configuration of holdfast',
    blocks: [
      heading('SYNOPSIS'),
      text('/etc/holdfast/holdfast.toml, /etc/holdfast/holdfast.d/*.toml'),
      heading('DESCRIPTION'),
      text(
        'A TOML file (toml.io, version 1.0) with tables for virtual routers, checks and watchdogs. The files in the directory beside it whose name ends in `.d`',
        'belong to it, in the order of their names. The same file may serve all machines: what differs is in `[node.HOST]`.',
        '`holdfast check` finds every mistake at once. An unknown key is one.',
      ),
      text(
        'A duration is a number with one of the units ms, s, m and h, in quotes: "100ms", "1s", "1.5s". A program is a full path in quotes, or a list of it and',
        'its arguments; no shell reads it.',
      ),
      heading('EXAMPLE'),
      literal(EXAMPLE),
      heading('VIRTUAL ROUTERS'),
      text('Each `[vrrp.NAME]` has these keys. `interface`, `vrid` and `addresses` must be there.'),
      table(schema, 'vrrp', () => []),
      heading('CHECKS'),
      text('Each `[check.NAME]` has a `type`, the keys of that type, and the common ones.'),
      table(schema, 'check', key => (isTyped(key) ? [text(`Of type ${typesWith(key).join(', ')}.`)] : [])),
      heading('WATCHDOGS'),
      text('Each `[watchdog.NAME]` looks after one service: it has `unit` or `start`, and a `probe`.'),
      table(schema, 'watchdog', () => []),
      heading('PAGE AND METRICS'),
      text('With `[http]`, a web page and metrics for Prometheus are served.'),
      items(keysOf(schema.properties?.http ?? {}, () => [])),
      heading('MACHINES'),
      text(
        'A table below `[node.HOST]`, such as `[node.edge-a.vrrp.web]`, has settings of one machine. They replace those of the common table of that name, key by key. HOST is',
        'the host name, in full or up to its first dot, or what `--node` says.',
      ),
      heading('SEE ALSO'),
      text('holdfast(8)'),
    ],
  };
}

/** The keys of one kind of table. */
function table(schema: Schema, word: string, more: (key: string) => readonly Block[]): Block {
  const inside = schema.properties?.[word]?.additionalProperties;
  return items(typeof inside === 'object' ? keysOf(inside, more) : []);
}

function keysOf({ properties = {} }: Schema, more: (key: string) => readonly Block[]): readonly Item[] {
  return Object.entries(properties).map(([key, value]) => ({
    term: `${key} = ${shapeOf(value)}`,
    blocks: [text(...sentencesOf(value)), ...more(key), ...partsOf(value).map(part => items(keysOf(part, () => [])))],
  }));
}

function sentencesOf({ description = '', default: standard }: Schema): readonly string[] {
  const empty = standard === undefined || JSON.stringify(standard) === '{}';
  return [description, ...(empty ? [] : [`Default: \`${toml(standard)}\`.`])].filter(sentence => sentence !== '');
}

/** What kind of value it is, in the words of TOML. */
function shapeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map(toml).join(' | ');
  if (schema.const !== undefined) return toml(schema.const);
  if (Array.isArray(schema.type)) return schema.type.map(type => shapeOf({ type })).join(' | ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(shapeOf))].join(' | ');
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'NUMBER';
    case 'boolean':
      return 'true | false';
    case 'array':
      return `[${schema.items === undefined ? '' : shapeOf(schema.items)}, ...]`;
    case 'object':
      return '{ ... }';
    default:
      return '"TEXT"';
  }
}

/** Tables with keys of their own that a value can have in it. A probe is a check: its keys are told there. */
function partsOf(schema: Schema): readonly Schema[] {
  const { properties, anyOf = [], items: element } = schema;
  if (properties !== undefined) return Object.hasOwn(properties, 'type') ? [] : [schema];
  return [...anyOf, ...(element === undefined ? [] : [element])].flatMap(partsOf);
}

function toml(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(toml).join(', ')}]` : JSON.stringify(value);
}
