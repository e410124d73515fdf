import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { changes } from "../../delivery/src/changes/index.ts";
import { documents } from "../../scripts/docs/documents.ts";
import { runningSources } from "../../scripts/docs/errors.ts";
import { replaceMarkedPart } from "../../scripts/docs/marked-part.ts";
import { root } from "./imports.ts";

const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const markdown = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(resolve(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

test.each(await documents(root))("the generated part of $file is what npm run docs writes", (document) => {
  expect(document.current).toBe(document.generated);
});

describe("error codes", () => {
  const mentioned = (text: string) => new Set(text.match(/\bEB_[A-Z][A-Z_]*[A-Z]\b/g));
  const documented = new Set(read("docs/reference/errors.md").match(/(?<=^\| `)EB_\w+/gm));

  test("that the code knows, comments included, are documented, and no others", () => {
    const known = new Set(runningSources(root).flatMap((file) => [...mentioned(readFileSync(file, "utf8"))]));
    expect(known.size).toBeGreaterThan(70);
    expect([...documented].sort()).toEqual([...known].sort());
  });

  test("that documents mention exist", () => {
    for (const file of markdown) {
      for (const code of mentioned(read(file))) expect(documented, file).toContain(code);
    }
  });
});

test("the reference of steps describes the effect of every rollback", () => {
  const rows = read("docs/reference/steps.md").match(/(?<=^\| )\d+(?= \| [A-Z])/gm);
  expect(rows).toEqual(changes.map(({ step }) => String(step)));
});

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

test("links between documents lead to a file, and to a heading where they name one", () => {
  const broken = markdown.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)/g)]
      .filter(([, target = "", anchor = ""]) => {
        const path = target ? resolve(root, dirname(file), target) : resolve(root, file);
        if (!existsSync(path)) return true;
        if (!anchor) return false;
        const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)];
        return !headings.some(([, heading = ""]) => anchorOf(heading) === anchor);
      })
      .map(([link]) => `${file} -> ${link}`),
  );
  expect(broken).toEqual([]);
});

test("files and folders that documents name exist", () => {
  const missing = markdown.flatMap((file) =>
    [...read(file).matchAll(/`((?:ops|delivery|console|examples|test|bench|scripts|docs)\/[\w./-]*)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !/\bdist\/|\/(NN-)?name\.ts$/.test(path) && !existsSync(resolve(root, path)))
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("the index of the documents names all of them", () => {
  const linked = [...read("docs/README.md").matchAll(/\]\(([^)]+\.md)/g)].map(
    ([, target]) => `docs/${target}`,
  );
  const pages = markdown.filter((file) => /^docs\/(?!README|decisions\/\d)/.test(file));
  expect(linked.sort()).toEqual(pages.sort());
});

test("only the marked part is replaced, and a document without the mark is an error", () => {
  const document = "before\n<!-- generated: x -->\nold\n<!-- end of x -->\nafter\n";
  expect(replaceMarkedPart(document, "x", "new")).toBe(
    "before\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\nafter\n",
  );
  expect(() => replaceMarkedPart(document, "y", "new")).toThrow("generated: y");
});
