import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSession } from "../api/session.ts";
import { pagesFor } from "../navigation.ts";
import { usePreference } from "../preferences.ts";
import { actionOf } from "./keys.ts";
import { openPalette } from "./palette-state.ts";

/** How long `g` waits for its second key. */
const leadMs = 1_500;

/** Listens to the keys of the console while it is shown. */
export const useKeys = (): void => {
  const session = useSession();
  const navigate = useNavigate();
  const areSingleKeysOn = usePreference("keys") === "on";
  useEffect(() => {
    let leadAtMs = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, timeStamp } = event;
      const action = actionOf(
        {
          key,
          hasModifier: ctrlKey || metaKey || altKey,
          isCtrlOrCommand: ctrlKey || metaKey,
          isTyping: isTyping(event.target) || document.querySelector("dialog[open]") !== null,
        },
        { afterLead: timeStamp - leadAtMs < leadMs, areSingleKeysOn },
      );
      leadAtMs = action?.kind === "lead" ? timeStamp : Number.NEGATIVE_INFINITY;
      if (!action) return;
      event.preventDefault();
      if (action.kind === "palette") openPalette("commands");
      if (action.kind === "help") openPalette("keys");
      if (action.kind === "move") moveFocus(action.by);
      if (action.kind === "filter") focusFilter();
      if (action.kind === "go") {
        const page = pagesFor(session).find((page) => "key" in page && page.key === action.key);
        if (page) void navigate({ to: page.to });
      }
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [session, navigate, areSingleKeysOn]);
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

/** Moves the focus to the first link of the next or previous row of a list or table. */
const moveFocus = (by: 1 | -1): void => {
  const rows = [...document.querySelectorAll("main :is(li, tbody tr)")].filter((row) => firstLink(row));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at === -1 ? rows[by === 1 ? 0 : rows.length - 1] : rows[at + by];
  if (next) firstLink(next)?.focus();
};

const firstLink = (row: Element) => row.querySelector<HTMLElement>("a[href], button");

/** The filter of the page; a page without one has the palette. */
const focusFilter = (): void => {
  const filter = document.querySelector<HTMLElement>("main search :is(input, select)");
  if (filter) filter.focus();
  else openPalette("commands");
};
