import { queryOptions } from "@tanstack/react-query";
import { isWithoutStream } from "../server/link.ts";
import { api, read } from "./client.ts";
import type { paths } from "./schema.ts";

type Releases = paths["/api/releases"]["get"]["responses"][200]["content"]["application/json"];
export type ReleaseSummary = Releases["releases"][number];
export type ReleaseDetails =
  paths["/api/releases/{id}"]["get"]["responses"][200]["content"]["application/json"];
export type ReleaseState = ReleaseSummary["state"];
export type ReleaseCommand = ReleaseDetails["actions"][number]["action"];
export type PreflightCheck = NonNullable<ReleaseDetails["preflight"]>["checks"][number];

/** The newest release, as the live stream reports it. */
export type ReleaseBrief = Pick<
  ReleaseSummary,
  "id" | "state" | "stage" | "since" | "because" | "outage" | "by_trigger" | "new_percent"
> & {
  /** Versions. */
  from: string;
  to: string;
};

const slowlyMs = 30_000;

export const releasesQuery = queryOptions({
  queryKey: ["releases", "list"],
  queryFn: () => read(api.GET("/api/releases")),
  refetchInterval: slowlyMs,
});

/** The newest release, or null; the live stream carries it. */
export const newestReleaseQuery = queryOptions({
  queryKey: ["releases", "newest"],
  queryFn: async (): Promise<ReleaseBrief | null> => {
    const [newest] = (await read(api.GET("/api/releases"))).releases;
    if (!newest) return null;
    return { ...newest, from: newest.from.artefact.version, to: newest.to.artefact.version };
  },
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: () => isWithoutStream() && 5_000,
});

/** A release with everything known about it; the live stream says when it has changed. */
export const releaseQuery = (id: string) =>
  queryOptions({
    queryKey: ["releases", "details", id],
    queryFn: () => read(api.GET("/api/releases/{id}", { params: { path: { id } } })),
    refetchInterval: () => (isWithoutStream() ? 5_000 : slowlyMs),
  });

/** Tells a release what to do; it obeys within a second. @throws ApiError */
export const commandRelease = (id: string, command: ReleaseCommand, reason: string) => {
  const request = { params: { path: { id } }, body: reason === "" ? {} : { reason } };
  return read(api.POST(`/api/releases/{id}/${command}`, request));
};
