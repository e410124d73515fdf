import type { TestProject } from "vitest/node";
import { startThrowawayPostgres } from "./throwaway.ts";

/** One PostgreSQL for the whole run; `createTestDatabase` gives each test file a database of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startThrowawayPostgres();
  project.provide("postgresUrl", server.url);
  return () => server.remove();
}

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}
