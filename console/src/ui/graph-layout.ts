import type { Step } from "../api/queries.ts";

export interface Place {
  step: Pick<Step, "step" | "state" | "title" | "requires">;
  /** Pixels from the left and the top. */
  x: number;
  y: number;
}

export const columnWidth = 76;
const rowHeight = 36;
const aloneWidth = 58;

/**
 * Places steps from left to right: a step is one column right of the last step that it requires, in the highest free row at
 * or below that one. Steps that neither require nor are required share the bottom row.
 *
 * @param steps lowest first
 */
export const layOut = (
  steps: readonly (Place["step"] & Pick<Step, "dependents">)[],
): { places: Place[]; width: number; height: number } => {
  const isRelated = ({ requires, dependents }: (typeof steps)[number]) =>
    requires.length > 0 || dependents.length > 0;
  const cells = new Map<number, { column: number; row: number }>();
  const nextRow: number[] = [];
  for (const { step, requires } of steps.filter(isRelated)) {
    const parents = requires.flatMap((required) => cells.get(required) ?? []);
    const column = Math.max(-1, ...parents.map((parent) => parent.column)) + 1;
    const wanted = Math.max(
      0,
      ...parents.filter((parent) => parent.column === column - 1).map(({ row }) => row),
    );
    const row = Math.max(nextRow[column] ?? 0, wanted);
    nextRow[column] = row + 1;
    cells.set(step, { column, row });
  }
  const bottom = cells.size === 0 ? 0 : Math.max(...nextRow) + 0.5;
  const alone = steps.filter((step) => !isRelated(step));
  const places = [
    ...steps.filter(isRelated).map((step) => {
      const { column, row } = cells.get(step.step) ?? { column: 0, row: 0 };
      return { step, x: column * columnWidth, y: row * rowHeight };
    }),
    ...alone.map((step, index) => ({ step, x: index * aloneWidth, y: bottom * rowHeight })),
  ];
  return {
    places,
    width: Math.max(0, ...places.map(({ x }) => x)) + 56,
    height: Math.max(0, ...places.map(({ y }) => y)) + rowHeight,
  };
};
