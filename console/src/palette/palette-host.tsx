import { lazy, Suspense } from "react";
import { usePaletteView } from "./palette-state.ts";
import { useKeys } from "./use-keys.ts";

const Palette = lazy(() => import("./palette.tsx").then(({ Palette }) => ({ default: Palette })));
const KeysHelp = lazy(() => import("./keys-help.tsx").then(({ KeysHelp }) => ({ default: KeysHelp })));

/** Listens to the keys, and loads a dialog when it is first opened. */
export const PaletteHost = () => {
  useKeys();
  const view = usePaletteView();
  return (
    <Suspense>
      {view === "commands" && <Palette />}
      {view === "keys" && <KeysHelp />}
    </Suspense>
  );
};
