import { useState } from "react";

/** Code that is loaded once for all who need it. */
export interface Late<Code> {
  loaded: () => Code | null;
  load: () => Promise<Code>;
}

/** A failed request is forgotten, so that the next may succeed. */
export function late<Code>(request: () => Promise<Code>): Late<Code> {
  let code: Code | null = null;
  let pending: Promise<Code> | null = null;
  const settle = (next: Code) => {
    code = next;
    return next;
  };
  const forget = (error: unknown) => {
    pending = null;
    throw error;
  };
  return {
    loaded: () => code,
    load: () => {
      pending ??= request().then(settle, forget);
      return pending;
    },
  };
}

/** The code where it is loaded; `prepare` loads it early and reports no failure. */
export function useLate<Code>(source: Late<Code>) {
  const [code, setCode] = useState(source.loaded);
  const load = async () => {
    const next = await source.load();
    setCode(() => next);
  };
  return { code, load, prepare: () => void load().catch(() => {}) };
}
