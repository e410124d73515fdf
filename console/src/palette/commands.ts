import type { OperationDetails } from "../api/operations.ts";
import type { Alert, Operation, Step } from "../api/queries.ts";
import { type NavigationPage, navigationPages } from "../navigation.ts";
import { setPreference, type Theme } from "../preferences.ts";
import { sentenceOf } from "../ui/operation-words.ts";
import { openPalette } from "./palette-state.ts";

/** An entry of the palette. It opens a page or changes what this browser shows; nothing in it changes the service. */
export interface Command {
  id: string;
  group: "Page" | "Step" | "Alert" | "Operation" | "Route" | "Action";
  label: string;
  /** Also matched, and shown beside the label. */
  hint?: string | undefined;
  run: Run;
}

/** A page below the console, or an action of this browser. */
type Run = { open: string } | { act: () => void };

/** What the commands are made from. Data that has not arrived yet is empty. */
export interface Known {
  /** All paths of the router; those with a parameter are left out. */
  paths: readonly string[];
  /** Those that the service has. */
  pages: readonly NavigationPage[];
  steps: readonly Step[];
  alerts: readonly Alert[];
  operations: readonly (Operation | OperationDetails)[];
  endpoints: readonly { method: string; route: string }[];
}

/** Everything that the palette offers, pages first. */
export const commandsFor = (known: Known): Command[] => [
  ...pageCommands(known),
  ...known.alerts.map(
    ({ id, type, message, state }): Command => ({
      id: `alert ${id}`,
      group: "Alert",
      label: message,
      hint: `${type} ${state}`,
      run: { open: `/alerts/${encodeURIComponent(id)}` },
    }),
  ),
  ...known.steps.map(
    ({ step, title, name, state }): Command => ({
      id: `step ${step}`,
      group: "Step",
      label: `Step ${step}: ${title}`,
      hint: state === "applied" ? name : `${name} rolled back`,
      run: { open: `/changes/${step}` },
    }),
  ),
  ...known.operations.map(
    (operation): Command => ({
      id: `operation ${operation.id}`,
      group: "Operation",
      label: `Operation ${operation.id}: ${sentenceOf(operation)}`,
      hint: operation.reason ?? undefined,
      run: { open: `/operations/${operation.id}` },
    }),
  ),
  ...known.endpoints.map(
    ({ method, route }): Command => ({
      id: `route ${method} ${route}`,
      group: "Route",
      label: `${method} ${route}`,
      run: { open: `/traffic?route=${encodeURIComponent(`${method} ${route}`)}` },
    }),
  ),
  ...actions,
];

const pageCommands = ({ paths, pages }: Known): Command[] => {
  const has = (path: string) => pages.some(({ to }) => to === path);
  const isAbsent = (path: string) => navigationPages.some(({ to }) => to === path) && !has(path);
  return paths
    .filter((path) => !path.includes("$") && path !== "/login" && !isAbsent(path))
    .map((path) => {
      const page = pages.find(({ to }) => to === path);
      return {
        id: `page ${path}`,
        group: "Page",
        label: page?.label ?? capitalized(path.slice(1)),
        hint: page?.key && `g ${page.key}`,
        run: { open: path },
      };
    });
};

const capitalized = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

const themeAction = (theme: Theme, label: string): Command => ({
  id: `theme ${theme}`,
  group: "Action",
  label,
  run: { act: () => setPreference("theme", theme) },
});

const actions: readonly Command[] = [
  themeAction("night", "Theme: night"),
  themeAction("day", "Theme: day"),
  themeAction("system", "Theme: as the system"),
  { id: "keys", group: "Action", label: "Show the keys", hint: "?", run: { act: () => openPalette("keys") } },
  { id: "print", group: "Action", label: "Print this page", run: { act: () => print() } },
];
