/** The few drawn signs of the top bar. */

/** A tree trained on wires. */
export function Brand() {
  return (
    <svg
      width="22"
      height="22"
      viewBox="0 0 22 22"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M11 21V3.200" />
      <path d="M11 18.400H5.200q-3.200 0-3.200-3.200V13.500M11 18.400h5.800q3.200 0 3.200-3.200V13.500" />
      <path d="M11 12.600H7.200q-2.600 0-2.600-2.600V8.400M11 12.600h3.800q2.600 0 2.600-2.600V8.400" />
      <path d="M11 7H9.600Q7.500 7 7.500 4.900V3.400" />
      <circle cx="14.400" cy="4.300" r="1.500" strokeWidth="1.300" />
    </svg>
  );
}

export function HalfDisc() {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      <circle cx="7" cy="7" r="5.500" fill="none" stroke="currentColor" strokeWidth="1.400" />
      <path d="M7 1.500a5.500 5.500 0 0 1 0 11z" fill="currentColor" />
    </svg>
  );
}
