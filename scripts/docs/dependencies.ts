import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { markdownTable } from "./marked-part.ts";

/** Why the platform needs each of its dependencies. A dependency without a reason is an error. */
const reasons: Readonly<Record<string, string>> = {
  "@clack/prompts": "prompts for confirmation on the command line",
  "@fastify/accept-negotiator": "negotiates the compression of `/metrics`",
  "@fastify/proxy-addr": "finds the client behind trusted proxies, by the rules of Fastify",
  "@fastify/static": "serves the console's files, compressed and cached",
  commander: "parses the command line and prints help",
  cookie: "reads and writes the cookie of the console's session",
  fastify: "types and hooks: the platform is a Fastify plugin",
  "fastify-plugin": "registers the platform in the scope of the host application",
  "fastify-type-provider-zod": "validates requests with the schemas used for OpenAPI",
  "hdr-histogram-js": "percentiles with a bounded error",
  kysely: "typed queries and SQL without concatenation",
  "lru-cache": "maps of limited size that forget the oldest entry",
  nodemailer: "sends email over SMTP with TLS",
  "on-headers": "detects when a response begins",
  "p-limit": "limits concurrency",
  pg: "PostgreSQL driver",
  pino: "JSON logs",
  "prom-client": "process metrics for Prometheus",
  undici: "forwards requests to slots over unix sockets",
  semver: "compares versions with `engines`",
  "tar-fs": "extracts the archives of a backup",
  zod: "schemas of settings, requests and responses",
};

interface Installed {
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
}

/** `name@version` of every package installed with the platform, on any operating system. */
export const runtimePackages = (root: string): Set<string> => {
  const read = (path: string) => JSON.parse(readFileSync(resolve(root, path), "utf8"));
  const installed: Record<string, Installed> = read("package-lock.json").packages;
  const paths = closure(installed, Object.keys(read("ops/package.json").dependencies));
  const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  return new Set([...paths].map((path) => `${nameOf(path)}@${installed[path]?.version}`));
};

/** A row for each dependency of the platform, and the licences of all installed packages. */
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
    `Licences of all installed packages, including transitive dependencies: ${licences.join(", ")}.`,
  ].join("\n");
};

const licenceOf = (entry: Installed | undefined): string => entry?.license ?? "not stated";

/** Resolves a package as Node does: in the nearest `node_modules`, then further up. */
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
