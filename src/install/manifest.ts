// What an install has done to a machine, so that an uninstall undoes that and nothing else: plain data, kept as JSON.
// Must not know where it is kept, nor who reads it.

export interface Manifest {
  readonly schema: 1;
  /** Of the holdfast that was installed. */
  readonly version: string;
  /** What was written, by path: its SHA-256. */
  readonly files: Readonly<Record<string, string>>;
  /** By path: where it leads. */
  readonly links: Readonly<Record<string, string>>;
  /** Those that were made, outer ones first. */
  readonly folders: readonly string[];
  /** Zones of firewalld that were opened for VRRP. */
  readonly zones: readonly string[];
}

export function emptyManifest(version: string): Manifest {
  return { schema: 1, version, files: {}, links: {}, folders: [], zones: [] };
}

export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @returns null for what is no manifest, of this or any version */
export function readManifest(text: string): Manifest | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.schema !== 1 || typeof value.version !== 'string') return null;
  const { version, files, links, folders, zones } = value;
  if (!isTexts(files) || !isTexts(links) || !isList(folders) || !isList(zones)) return null;
  return { schema: 1, version, files, links, folders, zones };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.entries(value).every(([path, text]) => path.startsWith('/') && typeof text === 'string');
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string');
}
