import { queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError, api, read, root } from "./client.ts";
import type { paths } from "./schema.ts";

type Login = paths["/api/console/login"]["get"]["responses"][200]["content"]["application/json"];
export type Session = paths["/api/console/session"]["post"]["responses"][200]["content"]["application/json"];

/** The session, or null while nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await read(api.GET("/api/console/session"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** The session of a page that is shown only to users who are logged in. */
export const useSession = (): Session => {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("nobody is logged in");
  return data;
};

export const loginQuery = queryOptions({
  queryKey: ["login"],
  queryFn: (): Promise<Login> => read(api.GET("/api/console/login")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Exchanges an authorization header for the session cookie. @throws ApiError */
const begin = (
  authorization: string,
  body: { refresh_token?: string; expires_in?: number } = {},
): Promise<Session> => read(api.POST("/api/console/session", { headers: { authorization }, body }));

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

/** @throws ApiError */
export const renewSession = (): Promise<Session> => read(api.POST("/api/console/session/renew"));

export const logOut = (): Promise<unknown> => read(api.DELETE("/api/console/session"));
