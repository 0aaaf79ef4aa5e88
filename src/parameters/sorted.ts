/** By name, so that the order in which a program says them changes nothing. */
export function sorted(settings: { readonly [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));
}
