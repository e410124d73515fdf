import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { newestAlertsQuery } from "../api/alerts.ts";
import { diagnosticsQuery, operationsQuery, stepsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { pagesFor } from "../navigation.ts";
import { type Command, commandsFor } from "./commands.ts";
import { matchScore } from "./match.ts";

const most = 12;

/** The commands that match best, from the routes and the data. */
export const useCommands = (query: string): Command[] => {
  const session = useSession();
  const { rollback } = session.features;
  const { routesByPath } = useRouter();
  // Data in the cache is shown at once; nothing polls for the palette.
  const once = { refetchInterval: false, staleTime: 30_000 } as const;
  const steps = useQuery({ ...stepsQuery, ...once, enabled: rollback }).data?.steps ?? [];
  const operations = useQuery({ ...operationsQuery, ...once, enabled: rollback }).data?.operations ?? [];
  const alerts = useQuery({ ...newestAlertsQuery("ALL"), ...once }).data?.alerts ?? [];
  const endpoints = useQuery({ ...diagnosticsQuery, ...once }).data?.endpoints ?? [];
  const paths = Object.keys(routesByPath);
  const pages = pagesFor(session);
  return commandsFor({ paths, pages, steps, alerts, operations, endpoints })
    .flatMap((command, order) => {
      const score = matchScore(query, `${command.label} ${command.hint ?? ""} ${command.group}`);
      return score === undefined ? [] : [{ command, score: query.trim() === "" ? 0 : score, order }];
    })
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, most)
    .map(({ command }) => command);
};
