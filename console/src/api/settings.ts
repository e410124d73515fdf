import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client.ts";

/** The settings of the service, without secrets, and versions. */
export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: () => read(api.GET("/api/console/settings")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const alertTypesQuery = queryOptions({
  queryKey: ["alerts", "types"],
  queryFn: () => read(api.GET("/api/alerts/types")),
  staleTime: Number.POSITIVE_INFINITY,
});

export type SettingsReport = Awaited<ReturnType<NonNullable<typeof settingsQuery.queryFn>>>;

/** Sends a real test to a channel, and waits for its answer. @throws ApiError */
export const testChannel = async (channel: string) => {
  const { channels } = await read(api.POST("/api/alerts/test", { body: { channel } }));
  return channels.find((tested) => tested.channel === channel);
};
