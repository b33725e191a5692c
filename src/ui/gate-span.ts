/**
 * The ends of the ramp for gate maps: as far to either side of the neutral gate as any map goes, at least a twentieth, so
 * that small differences show and equal colours mean equal gates in all maps.
 */
export function gateSpan(maps: readonly Float32Array[], neutral: number): readonly [number, number] {
  let spread = 0.05;
  for (const map of maps) for (const value of map) spread = Math.max(spread, Math.abs(value - neutral));
  return [neutral - spread, neutral + spread];
}
