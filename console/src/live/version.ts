import { createStore, useStore } from "./store.ts";

let loadedWith: string | undefined;
const isOutdated = createStore(false);
const areFilesGone = createStore(false);

/** Notes the version of the service that answers; the first one is the version of these pages. */
export const noteVersion = (version: string): void => {
  loadedWith ??= version;
  isOutdated.set(version !== loadedWith);
};

/** Notes scripts of a page that cannot be loaded: an update has replaced them, or the server cannot be reached. */
export const watchMissingFiles = (): void =>
  window.addEventListener("vite:preloadError", (event) => {
    // The router would reload the page by itself, and what the user has typed would be lost.
    event.preventDefault();
    areFilesGone.set(true);
  });

/** Whether another version of the service runs than the one that these pages came from. */
export const useIsOutdated = (): boolean => useStore(isOutdated);

/** Whether scripts of these pages could not be loaded. */
export const useAreFilesGone = (): boolean => useStore(areFilesGone);
