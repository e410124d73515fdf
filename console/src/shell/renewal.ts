import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiError } from "../api/client.ts";
import { renewSession, type Session, sessionQuery } from "../api/session.ts";
import { serverNow } from "../live/server-clock.ts";

const marginMs = 60_000;
const againAfterMs = 5_000;
/** The longest that a timer of a browser can wait. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Renews the session a minute before it ends, if the service allows it. If the service refuses, the session ends; if it
 * does not answer, the renewal is tried again until then.
 */
export const useRenewal = (session: Session): void => {
  const queries = useQueryClient();
  useEffect(() => {
    const { expires_at, renewable } = session;
    if (expires_at === null || !renewable) return;
    let timer: ReturnType<typeof setTimeout>;
    const renew = () => {
      renewSession(session).then(
        (renewed) => queries.setQueryData(sessionQuery.queryKey, renewed),
        (error: unknown) => {
          const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 500;
          if (!isRefused) timer = setTimeout(renew, againAfterMs);
        },
      );
    };
    const leftMs = Date.parse(expires_at) - serverNow() - marginMs;
    timer = setTimeout(renew, Math.min(longestTimerMs, Math.max(1_000, leftMs)));
    return () => clearTimeout(timer);
  }, [session, queries]);
};
