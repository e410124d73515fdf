import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { root } from "../api/client.ts";
import { updateCache } from "./cache.ts";
import { link } from "./link.ts";
import { setServerTime } from "./server-clock.ts";
import { shareStream } from "./share.ts";
import { noteVersion } from "./version.ts";

/** Keeps the queries up to date by the live stream while a page is shown to a user who is logged in. */
export const useLive = (): void => {
  const queries = useQueryClient();
  useEffect(
    () =>
      link.subscribe(() => {
        if (link.get() !== "open") return;
        void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
      }),
    [queries],
  );
  useEffect(
    () =>
      shareStream({
        scope: `earlybird ${root.pathname}`,
        onEvents: (events, state, isGap) => {
          for (const { event, data } of events)
            if (event === "snapshot" || event === "heartbeat") setServerTime(data.server_time);
          noteVersion(state.health.version);
          updateCache(queries, events, state, isGap);
        },
      }),
    [queries],
  );
};
