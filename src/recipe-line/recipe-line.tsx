export function RecipeLine() {
  return <nav />;
}
