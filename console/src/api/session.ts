import { queryOptions, useQuery } from "@tanstack/react-query";
import { setServerTime } from "../live/server-clock.ts";
import { noteVersion } from "../live/version.ts";
import { ApiError, api, gate, read, root } from "./client.ts";
import type { paths } from "./schema.ts";
import { otherTabs } from "./tabs.ts";

type Login = paths["/api/console/login"]["get"]["responses"][200]["content"]["application/json"];
export type Session = paths["/api/console/session"]["post"]["responses"][200]["content"]["application/json"];

/** The session, or null while nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return noted(await read(api.GET("/api/console/session")));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Notes what a session says of the server: its time and its version. */
const noted = <Given extends Session | null>(session: Given): Given => {
  if (session === null) return session;
  setServerTime(session.server_time);
  noteVersion(session.version);
  return session;
};

let latest: Session | undefined;

/** The session of a page that is shown only to users who are logged in. */
export const useSession = (): Session => {
  // A page of a session that has ended is still there until the router has left it.
  latest = useQuery(sessionQuery).data ?? latest;
  if (!latest) throw new Error("nobody is logged in");
  return latest;
};

export const loginQuery = queryOptions({
  queryKey: ["login"],
  queryFn: (): Promise<Login> => read(api.GET("/api/console/login")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Why the service is not ready, as a sentence; null while it is. */
export const readinessQuery = queryOptions({
  queryKey: ["ready"],
  queryFn: (): Promise<string | null> =>
    read(api.GET("/readyz")).then(
      () => null,
      (error: Error) => error.message,
    ),
  refetchInterval: 10_000,
});

/** Exchanges an authorization header for the session cookie. @throws ApiError */
const begin = async (
  authorization: string,
  body: { refresh_token?: string; expires_in?: number } = {},
): Promise<Session> => {
  const session = await read(api.POST("/api/console/session", { headers: { authorization }, body }));
  gate.reopen();
  otherTabs(root).send({ kind: "began" });
  return noted(session);
};

/** The session after a login at the service's own page; null without one. @throws ApiError */
export const findSession = async (): Promise<Session | null> => {
  const session = await read(api.GET("/api/console/session", { fetch: (request) => fetch(request) }));
  if (session !== null) gate.reopen();
  return noted(session);
};

/** @throws ApiError */
export const logInWithToken = (token: string): Promise<Session> => begin(`Bearer ${token}`);

/**
 * Logs in at the service's own route, as its clients do.
 *
 * @param code of the second factor, once the service has asked for it
 * @throws ApiError
 */
export const logInWithPassword = async (
  url: string,
  credentials: { email: string; password: string; code?: string },
): Promise<Session> => {
  const response = await fetch(new URL(url.replace(/^\//, ""), root), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  }).catch(() => {
    throw new ApiError(0, undefined);
  });
  const body = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, body);
  return begin(`Bearer ${body.access_token}`, {
    refresh_token: body.refresh_token,
    expires_in: body.expires_in,
  });
};

/**
 * Renews the session, in one tab for all: a service may accept its refresh token only once.
 *
 * @param known the session as this tab knows it
 * @throws ApiError
 */
export const renewSession = (known: Session): Promise<Session> => {
  const tabs = otherTabs(root);
  return tabs.exclusively("renewal", async () => {
    const current = await read(api.GET("/api/console/session"));
    if (current !== null && current.expires_at !== known.expires_at) return noted(current);
    const session = await read(api.POST("/api/console/session/renew"));
    tabs.send({ kind: "renewed", session });
    return noted(session);
  });
};

/** Logs out this tab and the others. @throws ApiError */
export const logOut = async (): Promise<void> => {
  await read(api.DELETE("/api/console/session"));
  otherTabs(root).send({ kind: "ended" });
  gate.end();
};
