import type { JourneyContext } from "./journey.ts";

/** A journey that needs no database. */
interface BuiltInJourney {
  name: string;
  run(context: Pick<JourneyContext, "fetch">): Promise<string>;
}

/** Where services serve their OpenAPI document; the first that answers counts. */
const documentPaths = ["/api/openapi.json", "/openapi.json", "/documentation/json"];

const notFound = 404;

/** The front, too, takes a service without `/readyz` that answers for ready. */
const probe = (path: string): BuiltInJourney => ({
  name: path,
  run: async ({ fetch }) => {
    const response = await fetch(path);
    const body = await response.text();
    if (response.status === notFound) return "the service has none";
    if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 200)}`.trim());
    return `${response.status}`;
  },
});

const openApiDocument: BuiltInJourney = {
  name: "OpenAPI document",
  run: async ({ fetch }) => {
    for (const path of documentPaths) {
      const response = await fetch(path);
      const body = await response.text();
      if (response.status === notFound) continue;
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      const { openapi, paths } = JSON.parse(body) as { openapi?: string; paths?: object };
      if (!openapi || !paths) throw new Error(`${path} is no OpenAPI document`);
      return `${path}: OpenAPI ${openapi}, ${Object.keys(paths).length} paths`;
    }
    return "the service has none";
  },
};

/** What every service is tried for. One without the platform's routes has none of them, but must answer. */
export const builtInJourneys: readonly BuiltInJourney[] = [
  probe("/livez"),
  probe("/readyz"),
  probe("/api/health"),
  openApiDocument,
];
