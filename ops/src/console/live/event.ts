/** An event of the live stream, as the browser's EventSource reads it. */
export type LiveEvent =
  | { event: "snapshot"; data: object }
  | { event: "health"; data: object }
  | { event: "slice"; data: object }
  | { event: "alert"; data: Change<"alert"> }
  | { event: "mute"; data: Change<"mute"> }
  | { event: "operation"; data: object }
  | { event: "progress"; data: object }
  | { event: "release"; data: object };

type Change<Name extends string> = { change: ChangeKind } & Record<Name, Identified>;

/** An alert or mute. */
export interface Identified {
  id: string;
}

/** The text of an event; with an id, the browser resumes after it. */
export const textOf = ({ event, data }: { event: string; data: object }, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

type ChangeKind = "began" | "changed" | "ended";

/** What has begun, changed or ended between two lists. What has ended is returned as it was last. */
export const changesBetween = <Item extends Identified>(
  before: readonly Item[],
  after: readonly Item[],
): { change: ChangeKind; item: Item }[] => {
  const known = new Map(before.map((item) => [item.id, JSON.stringify(item)]));
  const present = new Set(after.map(({ id }) => id));
  const kindOf = (item: Item): ChangeKind => (known.has(item.id) ? "changed" : "began");
  return [
    ...after
      .filter((item) => known.get(item.id) !== JSON.stringify(item))
      .map((item) => ({ change: kindOf(item), item })),
    ...before.filter(({ id }) => !present.has(id)).map((item) => ({ change: "ended" as const, item })),
  ];
};
