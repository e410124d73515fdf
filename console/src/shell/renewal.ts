import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { renewSession, type Session, sessionQuery } from "../api/session.ts";

const marginMs = 60_000;

/** Renews the session a minute before it ends, if the service allows it. */
export const useRenewal = ({ expires_at, server_time }: Session): void => {
  const queries = useQueryClient();
  useEffect(() => {
    if (expires_at === null) return;
    // By the server's clock: that of the browser may differ.
    const leftMs = Date.parse(expires_at) - Date.parse(server_time);
    const timer = setTimeout(
      () => {
        renewSession().then(
          (session) => queries.setQueryData(sessionQuery.queryKey, session),
          () => queries.setQueryData(sessionQuery.queryKey, null),
        );
      },
      Math.max(1_000, leftMs - marginMs),
    );
    return () => clearTimeout(timer);
  }, [expires_at, server_time, queries]);
};
