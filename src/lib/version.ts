// The version of this holdfast, as the bundle was given it from package.json.
// Must not know how it is built.

declare const HOLDFAST_VERSION: string | undefined;

/** `major.minor.patch`, or `source` when run from sources. */
export const version = typeof HOLDFAST_VERSION === 'string' ? HOLDFAST_VERSION : 'source';
