import { useSyncExternalStore } from "react";

/** What the palette shows while it is open: the commands, or the list of keys. */
export type PaletteView = "commands" | "keys";

let shown: PaletteView | undefined;
const listeners = new Set<() => void>();

const show = (view: PaletteView | undefined) => {
  shown = view;
  for (const listener of listeners) listener();
};

export const openPalette = (view: PaletteView): void => show(view);
export const closePalette = (): void => show(undefined);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const usePaletteView = (): PaletteView | undefined => useSyncExternalStore(subscribe, () => shown);
