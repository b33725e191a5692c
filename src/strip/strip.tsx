/** Training strip: state and controls of the run that trains. */
export function Strip() {
  return <section aria-label="Training" />;
}
