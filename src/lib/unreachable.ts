// The end of an exhaustive switch: the compiler rejects a forgotten variant here, and a broken promise throws.
// Knows nothing of the domain.

/** Marks a branch that no value can reach. @throws always: it is our bug, never the peer's or the operator's */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
