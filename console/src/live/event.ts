import type { Alert, Health, Operation } from "../api/queries.ts";
import type { ReleaseBrief } from "../api/releases.ts";
import type { paths } from "../api/schema.ts";

type Summary = paths["/api/alerts/summary"]["get"]["responses"][200]["content"]["application/json"];
type Mute = Summary["muted"][number];
type Details = paths["/api/rollback/operations/{id}"]["get"]["responses"][200]["content"]["application/json"];
type Progress = NonNullable<Details["progress"]> & { operation: string };
type Change<Name extends string, Item> = { change: "began" | "changed" | "ended" } & Record<Name, Item>;

/** What the stream has said so far. */
export interface LiveState {
  health: Health;
  alerts: readonly Alert[];
  mutes: readonly Mute[];
  operation: Operation | null;
  progress: Progress | null;
  release: ReleaseBrief | null;
}

/** An event of `GET /api/live`. */
export type LiveEvent =
  | { event: "snapshot"; data: LiveState & { server_time: string } }
  | { event: "health"; data: Health }
  | { event: "alert"; data: Change<"alert", Alert> }
  | { event: "mute"; data: Change<"mute", Mute> }
  | { event: "operation"; data: Operation }
  | { event: "progress"; data: Progress }
  | { event: "release"; data: ReleaseBrief }
  | { event: "heartbeat"; data: { server_time: string } };

/** An event with its id, after which the stream can resume. */
export type LiveMessage = LiveEvent & { id?: string | undefined };

/** The state after an event; undefined until there was a snapshot. */
export const reduce = (state: LiveState | undefined, { event, data }: LiveEvent): LiveState | undefined => {
  if (event === "snapshot") return data;
  if (!state) return undefined;
  switch (event) {
    case "health":
      return { ...state, health: data };
    case "alert":
      return { ...state, alerts: changed(state.alerts, data.change, data.alert) };
    case "mute":
      return { ...state, mutes: changed(state.mutes, data.change, data.mute) };
    case "operation":
      return { ...state, operation: data, progress: null };
    case "progress":
      return { ...state, progress: data };
    case "release":
      return { ...state, release: data };
    default:
      return state;
  }
};

const changed = <Item extends { id: string }>(
  items: readonly Item[],
  change: "began" | "changed" | "ended",
  item: Item,
): readonly Item[] => {
  if (change === "ended") return items.filter(({ id }) => id !== item.id);
  const isKnown = items.some(({ id }) => id === item.id);
  return isKnown ? items.map((known) => (known.id === item.id ? item : known)) : [...items, item];
};
