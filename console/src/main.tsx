import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/theme.css";
import { ApiError } from "./api/client.ts";
import { sessionQuery } from "./api/session.ts";
import { createAppRouter } from "./router.tsx";

/** The first 401 ends the session here, which stops all polling: every query belongs to a page behind the login. */
const endSession = (error: Error) => {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  if (queries.getQueryData(sessionQuery.queryKey) === null) return;
  void queries.cancelQueries();
  queries.setQueryData(sessionQuery.queryKey, null);
  void router.invalidate();
};

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: endSession }),
  mutationCache: new MutationCache({ onError: endSession }),
  defaultOptions: {
    queries: { retry: false, refetchOnWindowFocus: true, staleTime: 2_000 },
  },
});
const router = createAppRouter(queries);

const root = document.getElementById("root");
if (root) {
  // Until the first page is known, the static page of index.html stays.
  void router.load().finally(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </StrictMode>,
    ),
  );
}
