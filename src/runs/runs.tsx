/** Table of runs. */
export function Runs() {
  return <section aria-label="Runs" />;
}
