import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client.ts";
import type { paths } from "./schema.ts";

type Suspects = paths["/api/alerts/{id}/suspects"]["get"]["responses"][200]["content"]["application/json"];
export type Suspect = Suspects["suspects"][number];

/** What happened before an alert fired; it changes only while an operation of that time still runs. */
export const suspectsQuery = (id: string) =>
  queryOptions({
    queryKey: ["alerts", id, "suspects"],
    queryFn: () => read(api.GET("/api/alerts/{id}/suspects", { params: { path: { id } } })),
    staleTime: 60_000,
  });
