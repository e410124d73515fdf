import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { satisfies } from "semver";
import { z } from "zod";
import { defineCheck, demand, unknown } from "../check.ts";

const manifest = z.looseObject({ engines: z.looseObject({ node: z.string().optional() }).optional() });

export const nodeVersion = defineCheck({
  id: "node-version",
  number: 1,
  group: "system",
  name: "Node version",
  asks: "Node satisfies `engines` of package.json.",
  run: async ({ root }) => {
    const { engines } = manifest.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
    if (!engines?.node)
      return unknown("package.json has no engines.node.", "Add engines.node to package.json.");
    return demand(
      satisfies(process.versions.node, engines.node),
      `Node ${process.versions.node}; the service needs ${engines.node}.`,
      `Install a Node that satisfies ${engines.node}.`,
    );
  },
});
