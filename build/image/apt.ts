// Where the packages come from: the mirrors and keys that this machine's own apt uses, with the suites of the image's release.
// Must not know any mirror.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SUITE } from './paths.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

interface Source {
  readonly uri: string;
  readonly suite: string;
}

/** The stanzas of a deb822 file that offer packages. */
function stanzas(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap(stanza => {
    const field = (name: string): string[] => {
      const line = stanza.split('\n').find(line => line.startsWith(`${name}:`));
      return line === undefined
        ? []
        : line
            .slice(name.length + 1)
            .trim()
            .split(/\s+/);
    };
    if (!field('Types').includes('deb') || field('Enabled').includes('no')) return [];
    return field('URIs').flatMap(uri => field('Suites').map(suite => ({ uri, suite })));
  });
}

/** The lines of an old sources.list. */
function lines(text: string): Source[] {
  return text.split('\n').flatMap(line => {
    const [, uri, suite] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s/.exec(line) ?? [];
    return uri === undefined || suite === undefined ? [] : [{ uri, suite }];
  });
}

/** Lines for mmdebstrap: each suite of this machine's release as that of the image's, with main only. */
export function aptSources(): string[] {
  const folder = '/etc/apt/sources.list.d';
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const sources = [
    ...(existsSync('/etc/apt/sources.list') ? lines(readFileSync('/etc/apt/sources.list', 'utf8')) : []),
    ...files.filter(name => name.endsWith('.sources')).flatMap(name => stanzas(readFileSync(`${folder}/${name}`, 'utf8'))),
    ...files.filter(name => name.endsWith('.list')).flatMap(name => lines(readFileSync(`${folder}/${name}`, 'utf8'))),
  ];
  const release = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  // The same suites as here, of the other release. What belongs to others (a vendor's own archive) has other names.
  const found = sources.flatMap(({ uri, suite }) => {
    const [, name, pocket = ''] = /^(\w+)((?:-security|-updates)?)(?:\/updates)?$/.exec(suite) ?? [];
    return name !== undefined && (name === release || name === 'stable')
      ? [`deb [signed-by=${KEYRING}] ${uri} ${SUITE}${pocket} main`]
      : [];
  });
  if (found.length === 0) throw new Error("found no Debian mirror in this machine's apt configuration");
  return [...new Set(found)];
}
