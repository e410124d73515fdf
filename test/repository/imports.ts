import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the repository lies. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One import: the file it stands in, and what it names, both relative to the root where they are files. */
export interface Import {
  file: string;
  target: string;
}

/** The source files below a folder of the repository, relative to its root. */
export const sourceFiles = (folder: string): string[] =>
  readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]sx?$/.test(entry.name))
    .map((entry) => relative(root, resolve(entry.parentPath, entry.name)));

const forms = [
  /^(?:import|export)\s[^"';]*?\bfrom\s+"([^"]+)"/gm,
  /^import\s+"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"\s*\)/g,
];

/** Every import of a source file, types and dynamic ones included. */
export const importsOf = (file: string): Import[] => {
  const text = readFileSync(resolve(root, file), "utf8");
  return forms
    .flatMap((form) => [...text.matchAll(form)])
    .map(([, name = ""]) => ({
      file,
      target: name.startsWith(".") ? relative(root, resolve(root, dirname(file), name)) : name,
    }));
};
