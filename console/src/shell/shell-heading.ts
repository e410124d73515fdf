import { useQueryClient } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { loginQuery, sessionQuery } from "../api/session.ts";

/**
 * Tells a screen reader that the page has changed: the document is titled after the heading, and the heading takes the
 * focus once it is there, unless the user has moved the focus meanwhile. The first page keeps the focus at its start.
 */
export const useHeading = (): void => {
  // Once it is resolved: before that, the heading is still that of the page before.
  const pathname = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const queries = useQueryClient();
  const shown = useRef<string>(undefined);
  useEffect(() => {
    let isFocusDue = shown.current !== undefined && shown.current !== pathname;
    shown.current = pathname;
    const before = document.activeElement;
    const look = () => {
      const heading = document.querySelector("h1");
      if (!heading) return;
      const service = (
        queries.getQueryData(sessionQuery.queryKey) ?? queries.getQueryData(loginQuery.queryKey)
      )?.title;
      const title = [heading.textContent, service].filter(Boolean).join(" · ");
      if (document.title !== title) document.title = title;
      if (!isFocusDue) return;
      isFocusDue = false;
      const { activeElement } = document;
      if (activeElement !== before && activeElement !== document.body) return;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    };
    look();
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [pathname, queries]);
};
