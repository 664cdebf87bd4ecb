import { type ReactNode, useEffect, useRef, useState } from "react";

/** How far below the window, in pixels, counts as about to be seen. */
const AHEAD = 200;

interface Props {
  /** What keeps the place until then. */
  place: ReactNode;
  children: ReactNode;
}

/** Puts its content onto the page when it is about to be seen, or about to be printed. */
export function WhenSeen({ place, children }: Props) {
  const [isSeen, setSeen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isSeen || !box.current) return;
    const see = () => setSeen(true);
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && see(),
      { rootMargin: `${AHEAD}px` },
    );
    observer.observe(box.current);
    addEventListener("beforeprint", see);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", see);
    };
  }, [isSeen]);
  return isSeen ? children : <div ref={box}>{place}</div>;
}
