import { useEffect } from "react";
import { useBrand } from "./programme";

/** Names the view to history, tabs and screen readers, as long as it is shown. */
export function useTitle(view: string | undefined) {
  const brand = useBrand();
  useEffect(() => {
    if (view !== undefined) document.title = view ? `${view} · ${brand}` : brand;
  }, [view, brand]);
}
