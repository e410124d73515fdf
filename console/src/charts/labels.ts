/** Where a mark stands, and how its label is placed: beside its line, or not at all for lack of room. */
export interface Placed<M> {
  mark: M;
  x: number;
  label: "right" | "left" | "none";
}

/** Width of a letter of the labels, and of an icon, in pixels: what may be clicked must be 24 pixels wide. */
const letter = 6.7;
const icon = 24;

/**
 * Places marks on a line of `width` pixels: all have their icon unless another covers it, and as many labels as there is
 * room for, the newest first.
 */
export const placeMarks = <M extends { atMs: number; label: string }>(
  marks: readonly M[],
  x: (atMs: number) => number,
  width: number,
): Placed<M>[] => {
  const taken: [number, number][] = [];
  const isFree = (from: number, to: number) =>
    from >= 0 && to <= width && taken.every(([start, end]) => to <= start || from >= end);
  const shown = [...marks]
    .sort((one, other) => other.atMs - one.atMs)
    // At the edges an icon moves inwards, so that it is seen as a whole.
    .map((mark) => ({ mark, x: Math.max(icon / 2, Math.min(x(mark.atMs), width - icon / 2)) }))
    .filter(({ x }) => {
      const free = isFree(x - icon / 2, x + icon / 2);
      if (free) taken.push([x - icon / 2, x + icon / 2]);
      return free;
    });
  return shown.map(({ mark, x }) => {
    const length = mark.label.length * letter + 6;
    const sides = [
      { label: "right", from: x + icon / 2, to: x + icon / 2 + length },
      { label: "left", from: x - icon / 2 - length, to: x - icon / 2 },
    ] as const;
    const side = sides.find(({ from, to }) => isFree(from, to));
    if (side) taken.push([side.from, side.to]);
    return { mark, x, label: side?.label ?? "none" };
  });
};
