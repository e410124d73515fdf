import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/theme.css";
import { gate, root } from "./api/client.ts";
import { sessionQuery } from "./api/session.ts";
import { otherTabs } from "./api/tabs.ts";
import { watchMissingFiles } from "./live/version.ts";
import { createAppRouter } from "./router.tsx";
import { UpdateBar } from "./shell/update-bar.tsx";
import { Boundary } from "./ui/boundary.tsx";

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, refetchOnWindowFocus: true, staleTime: 2_000 },
  },
});
const router = createAppRouter(queries);

// Whatever tab finds that the session has ended, all of them stop and open the login.
gate.onEnd(() => {
  void queries.cancelQueries();
  queries.setQueryData(sessionQuery.queryKey, null);
  void router.invalidate();
});
otherTabs(root).onMessage((message) => {
  if (message.kind === "ended") return gate.end();
  if (message.kind === "renewed") queries.setQueryData(sessionQuery.queryKey, message.session);
  if (message.kind !== "began") return;
  gate.reopen();
  void queries.invalidateQueries({ queryKey: sessionQuery.queryKey, refetchType: "all" });
});
watchMissingFiles();

const place = document.getElementById("root");
if (place) {
  // Until the first page is known, the static page of index.html stays.
  void router.load().finally(() =>
    createRoot(place).render(
      <StrictMode>
        <Boundary>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
            <UpdateBar />
          </QueryClientProvider>
        </Boundary>
      </StrictMode>,
    ),
  );
}
