import { useLayoutEffect, useRef, useState } from "react";

/** The width of an element in pixels, kept current; 0 until it is known. */
export const useWidth = <E extends HTMLElement>() => {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
};

/** Places an element by script: the policy of the pages allows no style attribute. */
export const leftAt = (x: number) => (element: HTMLElement | null) => {
  element?.style.setProperty("left", `${x.toFixed(1)}px`);
};
