export function Tree() {
  return <section />;
}
